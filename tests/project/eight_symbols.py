"""The eight symbols of the project's example as a table, and a workspace that was set up from it: libraries, dispositions,
successors, and the five streams of each symbol that keeps its own. Nothing else is in the workspace."""

from __future__ import annotations

from pathlib import Path

from oclc_console.operations.import_symbols import apply_import, plan_import
from oclc_console.workspace import Workspace, make_workspace

HEADINGS = ("current symbol", "target symbol", "symbol name", "disposition", "library code", "library name", "stream",
            "collection", "word", "kind", "match", "delivery", "keep")

# code, target, name, disposition, the first of its collection ids (None: it has no streams), its libraries
SYMBOLS: tuple[tuple[str, str, str, str, int | None, tuple[tuple[str, str], ...]], ...] = (
    ("ZBN", "ZBN", "Villa research library (overseas)", "retained", 1000011, (("VIL", "Villa library"),)),
    ("ZHG", "ZUL", "Rare books & manuscripts", "retiring", None,
     (("RBK", "Rare books"), ("THE", "Theatre collection"), ("POE", "Poetry room"))),
    ("ZDO", "ZDO", "Museum & garden library", "retained", 1000021, (("GDN", "Garden library"),)),
    ("ZYN", "ZYN", "East Asian library", "retained", 1000041, (("EAL", "East Asian library"),)),
    ("ZMD", "ZMD", "Medical library", "retained", 1000031, (("MED", "Medical library"),)),
    ("ZLW", "ZLW", "Law library", "retained", 1000051, (("LAW", "Law library"),)),
    ("ZLS", "ZUL", "Main stacks & departments", "retiring", None,
     (("WST", "Main stacks"), ("LMN", "Undergraduate library"), ("SCI", "Science library"), ("MUS", "Music library"),
      ("ART", "Fine arts library"), ("MAP", "Map collection"), ("ANT", "Anthropology library"),
      *((f"D{number:02}", f"Department {number}") for number in range(1, 15)))),
    ("ZUL", "ZUL", "University-wide", "target", 1000081,
     (("NET", "Networked resources"), ("ARC", "University archives"), ("SCH", "Women's history library"))),
)

# name, word in file names, match, keep
STREAMS: tuple[tuple[str, str, str, str], ...] = (
    ("Manuscripts", "manuscripts", "all", '{ all = ["@archival"], none = ["@reproduction"] }'),
    ("Microforms & electronic reproductions", "reproductions", "all", '{ all = ["@reproduction"] }'),
    ("Vernacular, no trusted OCN", "vern", "all", '{ all = ["880"], none = ["@trusted", "@archival", "@reproduction"] }'),
    ("Non-vernacular, no trusted OCN", "nonvern", "all", '{ none = ["880", "@trusted", "@archival", "@reproduction"] }'),
    ("Trusted OCN", "trusted", "trusted ocn", '{ all = ["@trusted"], none = ["@archival", "@reproduction"] }'),
)

BEFORE = """\
# An invented institution that practises: nothing leaves this machine.
[institution]
name = "Example University Library"
suffix = "9999"

[exchange]
host = "rehearsal"                     # practise first
late_first_days = 7

[people.jdoe]
name = "Coordinator"
roles = ["coordinator"]
[people.asmith]
name = "Second coordinator"
roles = ["coordinator"]
[people.lts]
name = "LTS operator"
roles = ["lts"]
[people.ill]
name = "ILL lead"
roles = ["ill"]
[people.auth]
name = "Authorizations coordinator"
roles = ["authorizations"]

[rules]                                # together they leave no hole: every record has exactly one stream
standard = { any = ["040$e = amim|appm|dacs|dcrmg|dcrmm|dcrmmss"] }
reproduction = { any = ["843"] }
archival = { any = ["LDR/08 = a", "LDR/06 = t|d|f", "@standard"] }
trusted = { any = ["079$a"] }
"""


def _line(**cells: str) -> str:
    row = [cells.get(heading.replace(" ", "_"), "") for heading in HEADINGS]
    return ",".join('"' + cell.replace('"', '""') + '"' if set(cell) & set('",') else cell for cell in row)


def _table() -> str:
    lines = [",".join(HEADINGS)]
    for code, target, name, disposition, first, libraries in SYMBOLS:
        about = {"current_symbol": code, "target_symbol": target, "symbol_name": name, "disposition": disposition}
        lines += [_line(**about, library_code=library, library_name=called) for library, called in libraries]
        for number, (stream, word, match, keep) in enumerate(STREAMS if first else ()):
            lines.append(_line(current_symbol=code, stream=stream, collection=str((first or 0) + number), word=word, kind="bib",
                               match=match, delivery="console", keep=keep))
    return "\n".join(lines) + "\n"


CSV: str = _table()


def make(path: Path, acting_as: str | None = "jdoe") -> Workspace:
    """A new workspace in `path`, a rehearsal, set up from the table by `symbols import`; the table stands beside its folder."""
    made = make_workspace(path, BEFORE)
    table = path.with_name(f"{path.name}-symbols.csv")
    table.write_text(CSV, encoding="utf-8")
    apply_import(Workspace(made.root, acting_as), plan_import(made, table))
    return Workspace(made.root, acting_as)
