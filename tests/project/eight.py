"""The eight symbols of the made-up institution that tests, drawings and the demo talk about: a workspace set up from their one
table (eight_symbols.py), and the numbers and dates of its reclamation on Monday 16 November 2020, to be entered with their
source as a person enters them. Fictional; every row adds up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from oclc_console.operations.entering import enter
from oclc_console.workspace import Workspace
from tests.project import eight_symbols

TODAY = datetime(2020, 11, 16, 14, 0, tzinfo=UTC)
SOURCE = "the project's tables of 16 November"


@dataclass(frozen=True)
class Facts:
    """One symbol on that Monday: how many holdings are in its set, went where, and came to what; and its days. None where
    nothing is known yet."""

    code: str
    disposition: str
    in_set: int
    left_out: int  # by 914 and by Alma's brief levels 01 to 03
    unrouted: int
    sent: int
    unresolved: int | None = None
    ocn_changed: int | None = None
    open_rejections: int | None = None
    files_reported: int = 0
    published: str | None = None
    uploaded: str | None = None
    reported: str | None = None
    loaded: str | None = None
    approved: str | None = None
    retired: str | None = None


EIGHT = (
    Facts("ZBN", "retained", 186_412, 1_246, 0, 185_166, 384, 960, 0, 5,
          "2020-02-10", "2020-02-11", "2020-02-18", "2020-02-24", "2020-04-03"),
    Facts("ZHG", "retiring", 742_905, 10_995, 37, 731_873, 5_223, 2_624, 1_906, 5,
          "2020-06-08", "2020-06-09", "2020-06-24", "2020-07-06", "2020-10-09", "2020-10-29"),
    Facts("ZDO", "retained", 318_260, 2_603, 4, 315_653, 1_070, 1_504, 0, 5,
          "2020-08-14", "2020-08-17", "2020-08-26", "2020-09-03"),
    Facts("ZYN", "retained", 902_774, 10_656, 19, 892_099, 8_013, 2_732, 5_323, 5,
          "2020-09-11", "2020-09-14", "2020-09-28", "2020-10-12"),
    Facts("ZMD", "retained", 468_033, 4_193, 6, 463_834, None, None, None, 3, "2020-11-02", "2020-11-03"),
    Facts("ZLW", "retained", 1_214_580, 15_604, 58, 1_198_918),
    Facts("ZLS", "retiring", 6_903_118, 70_042, 311, 6_832_765),
    Facts("ZUL", "target", 1_128_644, 11_719, 44, 1_116_881, 10_618, 2_369, 10_618, 5,
          "2020-09-18", "2020-09-21", "2020-10-05", "2020-10-19"),
)
BY_CODE = {facts.code: facts for facts in EIGHT}


def make_eight(folder: Path, acting_as: str = "jdoe") -> Workspace:
    """A workspace with the eight symbols, as `symbols import` takes them in from their table, and nothing done yet."""
    return eight_symbols.make(folder / "workspace", acting_as)


def enter_evidence(workspace: Workspace) -> None:
    """Enters what was known on that Monday, each thing with its source and the day on which it was so. The numbers of sets,
    files and reports are entered too: they went through no console, which computes them otherwise."""
    for facts in EIGHT:
        for key, value, day in _known(facts):
            if value is not None:
                enter(workspace, facts.code, key, value, SOURCE, day)


def _known(facts: Facts) -> list[tuple[str, int | str | bool | None, str]]:
    """(key, value, day) of what is known of a symbol."""
    export, report, now = facts.published or "2020-11-01", facts.reported or "2020-11-15", "2020-11-16"
    known: list[tuple[str, int | str | bool | None, str]] = [
        ("in_set", facts.in_set, export), ("excluded", facts.left_out, export), ("quarantined", 0, export),
        ("unrouted", facts.unrouted, export), ("double", 0, export), ("extraction_day", facts.published, export)]
    if facts.uploaded:
        missing = facts.sent if not facts.reported else 0
        known += [("files_prepared", 5, now), ("files_sent", 5, now), ("files_in_doubt", 0, now), ("files_refused", 0, now),
                  ("files_reported", facts.files_reported, now), ("sent", facts.sent, now),
                  ("not_reported", missing if facts.reported else None, now)]
    elif facts.disposition == "retiring":
        known.append(("sent", 0, now))
    if facts.reported:
        known += [("accounted", facts.sent, report), ("unresolved", facts.unresolved, report), ("data_errors", 0, report),
                  ("reruns_unsettled", 0, report), ("ocn_changed", facts.ocn_changed, report),
                  ("rejections_open", facts.open_rejections, now), ("newest_report_day", report, report)]
    return [*known, *((key, value, day) for key, (value, day) in _SAID.get(facts.code, {}).items())]


# what only people know: (value, the day on which it was so)
_SAID: dict[str, dict[str, tuple[int | str | bool, str]]] = {
    "ZBN": {
        "leftovers_accepted_by": ("VIL", "2020-03-20"), "ocn_changes_reviewed": (960, "2020-03-13"),
        "excluded_signed_by": ("the villa's librarian", "2020-03-20"), "cutoff_proposed": ("2020-02-10", "2020-03-27"),
        "withdrawn_since_extraction": (0, "2020-04-02"), "withdrawals_frozen_since": ("2020-02-07", "2020-02-07"),
        "lhr_choice": ("keep", "2020-03-27"), "holdings_at_oclc": (190_000, "2020-03-27"),
        "holdings_refreshed": (184_771, "2020-02-18")},
    "ZDO": {
        "unrouted_accepted": ("duplicates of a withdrawn gift", "2020-08-14"), "leftovers_accepted_by": ("GDN", "2020-11-12"),
        "ocn_changes_reviewed": (1_504, "2020-11-10"), "excluded_signed_by": ("the museum's director", "2020-11-12"),
        "cutoff_proposed": ("2020-08-14", "2020-11-02"), "withdrawn_since_extraction": (0, "2020-11-13"),
        "withdrawals_frozen_since": ("2020-08-10", "2020-08-10"), "lhr_choice": ("keep", "2020-11-02"),
        "holdings_at_oclc": (330_000, "2020-11-02"), "holdings_refreshed": (314_564, "2020-08-26")},
    "ZUL": {
        "leftovers_accepted_by": ("NET, ARC, SCH", "2020-11-12"), "ocn_changes_reviewed": (2_369, "2020-11-10"),
        "excluded_signed_by": ("the oversight committee", "2020-11-12"), "cutoff_proposed": ("2020-09-18", "2020-11-09"),
        "withdrawn_since_extraction": (0, "2020-11-13"), "lhr_choice": ("keep", "2020-11-09"),
        "holdings_at_oclc": (1_900_000, "2020-11-09"), "holdings_refreshed": (1_106_196, "2020-10-05")},
    "ZYN": {"ocn_changes_reviewed": (400, "2020-11-10"), "cutoff_proposed": ("2020-09-11", "2020-10-20")},
    "ZLS": {
        "save_file_count": (7_214, "2020-11-13"), "ill_open_requests": (326, "2020-11-16"),
        "ill_freeze_from": ("2021-01-04", "2020-11-02"), "connexion_users_left": (41, "2020-11-13"),
        "holdings_at_oclc": (7_050_000, "2020-11-02")},
    "ZLW": {"analysis_done": ("2020-09-07", "2020-09-07")},
    "ZHG": {
        "save_file_count": (0, "2020-10-20"), "ill_open_requests": (0, "2020-10-26"),
        "ill_supplier_off": ("2020-10-19", "2020-10-19"),
        "connexion_users_left": (0, "2020-10-20"), "constant_data_documented": (True, "2020-10-12"),
        "lhrs_listed": (True, "2020-10-12"), "feeds_repointed": (True, "2020-10-22"), "announcement_sent": (True, "2020-10-23"),
        "holdings_at_oclc": (731_000, "2020-10-26")},
}
