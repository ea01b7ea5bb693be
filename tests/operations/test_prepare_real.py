"""prepare over every real file there is, good and malformed: each record is kept or set aside with a finding."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from oclc_console.alma.published import scan_published
from oclc_console.operations.prepare import prepare
from oclc_console.store.events import SourceRead
from tests.operations.stage import TOML, carry_out, ledger, workspace_in

DATA = Path(__file__).parents[3] / "shared" / "data" / "marc"
KEEPS_ALL = TOML[: TOML.index("exclude")] + """lsn = ["001"]
[[symbols.ZAA.streams]]
name = "Everything"
word = "all"
collection = "1000001"
"""


def files() -> list[Path]:
    """Every file of records, those of deleted records aside."""
    return [path for path in sorted(DATA.rglob("*")) if path.is_file() and path.suffix != ".tsv" and "_delete" not in path.name]


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="the real files are not here")
def test_every_record_of_every_real_file_is_kept_or_set_aside_with_a_finding(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path, KEEPS_ALL)
    there = {path: sum(1 for _ in scan_published(path)) for path in files()}
    result, events = carry_out(workspace, prepare(workspace, "ZAA", list(there), accept_unrouted="real files"))
    read = [(event.file, event.records) for event in events if isinstance(event, SourceRead)]
    assert sorted(read) == sorted((path.name, records) for path, records in there.items())
    assert result["in_set"] == sum(there.values()) == result["routed"] + result["quarantined"]
    fates = Counter(row["fate"].partition(":")[0] for row in ledger(workspace, "ZAA"))
    assert fates == {"stream": result["routed"], "quarantined": result["quarantined"]}
    (listing,) = (workspace.root / "quarantine" / "ZAA").glob("*.csv")
    assert len(listing.read_text().splitlines()) == 1 + result["quarantined"] > 1
