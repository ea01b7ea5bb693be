"""The eight symbols of the made-up institution that tests, drawings and the demo talk about: what stands in its console.toml, and
the numbers and dates of its reclamation on Monday 16 November 2020. Fictional; every row adds up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from oclc_console.workspace import Workspace, make_workspace

TODAY = datetime(2020, 11, 16, 14, 0, tzinfo=UTC)
STREAMS = (("Manuscripts", "manuscripts", "all"), ("Microforms & reproductions", "reproductions", "all"),
           ("Vernacular, no trusted OCN", "vern", "all"), ("Non-vernacular, no trusted OCN", "nonvern", "all"),
           ("Trusted OCN", "trusted", "trusted ocn"))


@dataclass(frozen=True)
class Facts:
    """One symbol on that Monday: how many holdings are in its set, went where, and came to what; and its days. None where
    nothing is known yet."""

    code: str
    name: str
    libraries: tuple[str, ...]
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
    Facts("ZBN", "Villa research library", ("VIL",), "retained", 186_412, 1_246, 0, 185_166, 384, 960, 0, 5,
          "2020-02-10", "2020-02-11", "2020-02-18", "2020-02-24", "2020-04-03"),
    Facts("ZHG", "Rare books & manuscripts", ("RBK", "THE", "POE"), "retiring", 742_905, 10_995, 37, 731_873, 5_223, 2_624,
          1_906, 5, "2020-06-08", "2020-06-09", "2020-06-24", "2020-07-06", "2020-10-09", "2020-10-29"),
    Facts("ZDO", "Museum & garden library", ("GDN",), "retained", 318_260, 2_603, 4, 315_653, 1_070, 1_504, 0, 5,
          "2020-08-14", "2020-08-17", "2020-08-26", "2020-09-03"),
    Facts("ZYN", "East Asian library", ("EAL",), "retained", 902_774, 10_656, 19, 892_099, 8_013, 2_732, 5_323, 5,
          "2020-09-11", "2020-09-14", "2020-09-28", "2020-10-12"),
    Facts("ZMD", "Medical library", ("MED",), "retained", 468_033, 4_193, 6, 463_834, None, None, None, 3,
          "2020-11-02", "2020-11-03"),
    Facts("ZLW", "Law library", ("LAW",), "retained", 1_214_580, 15_604, 58, 1_198_918),
    Facts("ZLS", "Main stacks & departments", ("WST", "LMN", "SCI", "MUS", "ART", "MAP", "ANT"), "retiring", 6_903_118, 70_042,
          311, 6_832_765),
    Facts("ZUL", "University-wide", ("NET", "ARC", "SCH"), "target", 1_128_644, 11_719, 44, 1_116_881, 10_618, 2_369, 10_618, 5,
          "2020-09-18", "2020-09-21", "2020-10-05", "2020-10-19"),
)
BY_CODE = {facts.code: facts for facts in EIGHT}


def settings_text() -> str:
    """The institution's console.toml."""
    parts = ['[institution]\nname = "Example University Library"\nsuffix = "9999"\n[exchange]\nhost = "rehearsal"\n',
             '[people.jdoe]\nname = "J. Doe"\nroles = ["coordinator"]\n[people.lts]\nname = "L. Tees"\nroles = ["lts"]\n',
             '[people.ill]\nname = "I. Lead"\nroles = ["ill"]\n']
    for number, facts in enumerate(EIGHT):
        libraries = ", ".join(f'"{library}"' for library in facts.libraries)
        parts.append(f'[symbols.{facts.code}]\nname = "{facts.name}"\ndisposition = "{facts.disposition}"\n'
                     f"libraries = [{libraries}]\n")
        if facts.disposition == "retiring":
            parts.append('successor = "ZUL"\n')
            continue
        for at, (name, word, match) in enumerate(STREAMS):
            parts.append(f'[[symbols.{facts.code}.streams]]\nname = "{name}"\nword = "{word}"\n'
                         f'collection = "{1_000_011 + 20 * number + 3 * at}"\nmatch = "{match}"\n')
    return "".join(parts)


def make_eight(folder: Path, acting_as: str = "jdoe") -> Workspace:
    """A workspace with the eight symbols and nothing done yet."""
    return Workspace(make_workspace(folder / "workspace", settings_text()).root, acting_as)
