"""What the tests of gates share: cases whose conditions are all green, and a log of acts in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oclc_console.project.conditions import Case
from oclc_console.project.evidence import Known, Value
from oclc_console.project.gates import GateState, gate_state, override_data, signature_data, to_type, withdrawal_data

TODAY = "2020-11-16"
CUT_OFF = "2020-08-14"

_FILES = {"files_prepared": 5, "files_sent": 5, "files_in_doubt": 0, "files_reported": 5, "files_refused": 0}
_ACCOUNT = {"sent": 315653, "accounted": 315653, "not_reported": 0, "reruns_unsettled": 0}
GREEN: Mapping[str, Mapping[str, Value]] = {
    "upload": {"files_misnamed": 0, "in_set": 318260, "set_count": 318260, "unrouted": 0, "double": 0, "duplicate_lsns": 0,
               "files_sent_before": 0, "largest_file_records": 249366, "waiting_files": 5, "waiting_records": 315653},
    "writeback": {"newest_report_loaded": True, "before_image_kept": True, "reproductions_left_out": True,
                  "sample_of_20_seen": True, "changed_in_alma_since": 0, "newest_report_day": "2020-08-26",
                  "writeback_records": 314564},
    "submit": {"collection_symbol": "ZDO", "stream_symbol": "ZDO", "collection_type": "bibliographic", "stream_kind": "bib",
               "match_type": "all", "stream_match": "all", "lsn_tag": "852$8", "stream_lsn": "852$8,001",
               "test_records_back": 5},
    "scan-delete": {
        **_FILES, **_ACCOUNT, "unrouted": 0, "unresolved": 1070, "data_errors": 19, "leftovers_accepted_by": "GDN",
        "newest_report_day": "2020-08-26", "ocn_changed": 1504, "ocn_changes_reviewed": 1504, "excluded": 2603,
        "quarantined": 0, "excluded_signed_by": "K. Roe, e-resources", "extraction_day": CUT_OFF, "cutoff_proposed": CUT_OFF,
        "withdrawn_since_extraction": 0, "lhr_choice": "keep", "other_loads": 0, "holdings_at_oclc": 327000,
        "holdings_refreshed": 314594},
    "retire": {**_FILES, **_ACCOUNT, "successor_files_prepared": 5, "successor_files_reported": 5,
               "ill_supplier_off": "2020-11-02", "ill_open_requests": 0, "connexion_users_left": 0, "save_file_count": 0,
               "constant_data_documented": True, "lhrs_listed": True, "feeds_repointed": True, "announcement_sent": True,
               "holdings_at_oclc": 12406, "unresolved": 384},
    "unset": {"unset_list": "to-unset.csv", "unset_records": 12, "unset_list_checked": True, "unset_local_data": 0},
}
_DISPOSITIONS = {"upload": "retained", "writeback": "retained", "submit": "retained", "scan-delete": "retained",
                 "retire": "retiring", "unset": "target"}


def case(gate: str, subject: str | None = None, disposition: str | None = None, today: str = TODAY) -> Case:
    """A case of ZDO, whose one library is GDN; when retiring, its successor is ZUL."""
    which = disposition or _DISPOSITIONS[gate]
    of = {"submit": "1000031", "scan-delete": CUT_OFF, "unset": "to-unset.csv"}.get(gate, "ZDO")
    return Case(gate, "ZDO", subject or of, which, ("GDN",), "ZUL" if which == "retiring" else None, today)


def known(gate: str, entered_by: str | None = None, day: str = "2020-11-10", **other: Value) -> dict[str, Known]:
    """What is known when all is green, with other values for some."""
    return {key: Known(key, value, day, "the console", entered_by) for key, value in {**GREEN[gate], **other}.items()}


class Acts:
    """A log in memory: the acts on ZDO, oldest first. `at` is a day a line later each time."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def add(self, by: str, word: str, **data: Any) -> int:
        """Appends an act; gives its number."""
        seq = len(self.lines) + 1
        self.lines.append({**data, "seq": seq, "at": f"2020-11-16T12:{seq // 60 % 60:02}:{seq % 60:02}.000Z", "by": by,
                           "act": word, "symbol": "ZDO"})
        return seq

    def undo(self, seq: int, by: str = "jdoe") -> int:
        """Takes an act back."""
        return self.add(by, "act.undone", of=seq, reason="a mistake")

    def state(self, of: Case, facts: Mapping[str, Known]) -> GateState:
        """How the gate stands."""
        return gate_state(of, facts, self.lines)

    def sign(self, by: str, of: Case, facts: Mapping[str, Known]) -> int:
        """Signs, with the symbol and the date typed."""
        return self.add(by, "gate.signed", **signature_data(self.state(of, facts), by, to_type(of)))

    def override(self, by: str, of: Case, facts: Mapping[str, Known], condition: str, reason: str = "agreed") -> int:
        """Signs for a red condition."""
        return self.add(by, "gate.overridden", **override_data(self.state(of, facts), condition, reason))

    def withdraw(self, by: str, of: Case, facts: Mapping[str, Known], seq: int) -> int:
        """Takes an override or a first signature back."""
        return self.add(by, "gate.withdrawn", **withdrawal_data(self.state(of, facts), seq, "a mistake"))
