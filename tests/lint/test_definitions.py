"""The definitions lint judges structure by: derived, named, and the same when derived again."""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

from oclc_console.marc.lint import Linter, Severity
from oclc_console.marc.lint.derive_marc21 import TARGET, derive, main, written
from oclc_console.marc.lint.marc21 import codes, definitions, is_open, sources
from oclc_console.marc.source import scan

FROM_OCLC = Path(__file__).parents[3] / "shared" / "data" / "reports"
DELIVERED = sorted(FROM_OCLC.glob("metacoll.*.mrc"))
has_sources = find_spec("marctable") is not None and find_spec("marc_lint") is not None


def test_the_file_says_which_packages_it_was_derived_from() -> None:
    assert [(source["package"], source["version"]) for source in sources()] == [("marctable", "0.5.0"), ("marc-lint", "0.0.6")]


@pytest.mark.skipif(not has_sources, reason="marctable and marc-lint are not installed")
def test_the_file_is_what_its_sources_give_when_they_are_asked_again() -> None:
    content = derive()
    assert content["sources"] == sources()
    assert TARGET.read_text(encoding="utf-8") == written(content)


@pytest.mark.skipif(has_sources, reason="marctable and marc-lint are installed")
def test_without_its_sources_the_script_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    before = TARGET.read_bytes()
    assert main() == 2
    assert "marctable is not installed" in capsys.readouterr().err
    assert TARGET.read_bytes() == before


def test_what_everybody_knows_of_marc_21_is_in_it() -> None:
    title, subject = definitions()[b"245"], definitions()[b"650"]
    assert not title.repeatable and subject.repeatable
    assert b"b" in title.once and b"n" in title.many and b"0" not in definitions()[b"264"].once + definitions()[b"264"].many
    assert title.indicators == (b"01", b"0123456789")
    assert b"a" in definitions()[b"041"].many  # a hole in the first source
    assert b"773" in definitions()  # another
    assert {b"eng", b"ger", b"chi"} <= codes("language") and {b"mau", b"xx", b"cc"} <= codes("country")
    assert codes("leader/18") == {b" ", b"a", b"c", b"i", b"n", b"u"}


@pytest.mark.parametrize(("tag", "local"), [
    ("090", True), ("590", True), ("690", True), ("914", True), ("999", True), ("049", True), ("079", True), ("866", True),
    ("509", False), ("440", False), ("AVA", False), ("245", False)])
def test_local_fields_are_never_called_undefined(tag: str, local: bool) -> None:
    assert is_open(tag.encode()) is local


@pytest.mark.skipif(not DELIVERED, reason="records delivered by OCLC are not here")
def test_records_that_oclc_itself_delivers_pass_its_validation() -> None:
    linter, records, grave = Linter(), 0, Counter[str]()
    spoken_of = 0
    for path in DELIVERED:
        for scanned in scan(path):
            if scanned.record is not None:
                records += 1
                found = [finding for finding in linter.check(scanned.record) if finding.severity != Severity.NOTICE]
                spoken_of += bool(found)
                grave.update(f.sentence for f in found if f.severity in (Severity.SEVERE, Severity.CRITICAL))
    assert records > 800
    assert not grave
    assert spoken_of < records * 0.03
