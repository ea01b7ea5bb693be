"""What OCLC's sentences mean: each has a group, and a library can tell its own."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import oclc_console
from oclc_console.errors import SettingsError
from oclc_console.oclc.meanings import UNEXPLAINED, load_meanings, normalised
from oclc_console.oclc.reports import lines_of

RELATION = "Invalid relationship - when "
SENTENCES = {
    "Record is sparse.": "sparse",
    f"{RELATION}1st $e in 1st 040 is equal to rda, then Descriptive Cataloging Form (Leader/18) must equal c or i.": "rda",
    f"{RELATION}1st $e in 1st 040 is equal to rda, then 336 must be present.": "rda",
    f"{RELATION}1st $e in 1st 040 is equal to rda, then 338 must be present.": "rda",
    f"{RELATION}$6 in 700 is present, then 880 must be present.": "linking",
    f"{RELATION}1st $2 in 2nd 655 is equal to lcgft, then $z in 655 must not be present.": "lcgft",
    f"{RELATION}Bibliographic Level (Leader/07) is equal to a, then 773 must be present.": "host-item",
    f"{RELATION}Type of Date/Publication Status (008/06) is equal to s, then Bibliographic Level (Leader/07) must not be "
    "equal to b.": "date-level",
    f"{RELATION}Type of Cartographic Material (008/25) is equal to b, then 034 must be present.": "maps",
    f"{RELATION}indicator 1 in 1st 045 is equal to blank, then $b in 045 must not be present.": "time-period",
    f"{RELATION}$i in 246 is present, then indicator 2 in 246 must equal blank.": "varying-title",
    f"{RELATION}$h in 245 is present, then $e in 040 must not be equal to rda.": "rda-gmd",
    f"{RELATION}indicator 2 in 655 is equal to 7, then $2 in 655 must be present.": "genre-source",
    f"{RELATION}$x in 999 is new to us, then 998 must be present.": "relationship",
    "Invalid code in 1st $2 in 2nd 650.": "vocabulary",
    "Invalid code in Illustrations (008/18-21).": "fixed-code",
    "Invalid code in Modified Record (008/38).": "fixed-code",
    "Invalid code in Encoding Level (Leader/17).": "encoding-level",
    "Invalid code in indicator 1 in 655.": "indicator",
    "Invalid subfield 1st $0 in 1st 264.": "authority-link",
    "invalid SUBFIELD 3rd $0 in 12th 650.": "authority-link",
    "Invalid subfield 1st $q in 1st 264.": "subfield",
    "Invalid tag 509.": "tag",
    "$b in 245 occurs too many times.": "repeated",
    "1st $6 in 1st 260 has invalid linking data.": "linking",
    "1st $c in 1st 066 indicates presence of (3 script, but (3 script is not found.": "script",
    "Date2/Ending Date of Publication (008/11-14) is too short.": "date",
    "1st $0 in 655 is in the wrong format.": "authority-link-form",
    "crosswalk_error": "crosswalk",
    "invalid_characters_present": "characters",
    "marc_record_field_length_error": "too-large",
    "New Record is trying to replace an In Use Local System Id Invalid Request": "same-local-number",
    "other error": "local-data",
    "LBD_REJECTED": "local-data",
    "Unset Holdings Failed. Local bibliographic data (LBD) is attached to this record. To unset the holding, delete attached "
    "LBD first and try again.": "local-data-attached",
}


@pytest.mark.parametrize(("sentence", "group"), SENTENCES.items())
def test_every_sentence_of_oclc_that_we_know_of_is_explained(sentence: str, group: str) -> None:
    assert load_meanings().group_of(sentence, "Validation Error").id == group


def test_every_group_tells_what_it_means_where_to_look_what_mends_it_who_does_and_how_we_know() -> None:
    groups = load_meanings().groups
    assert len(groups) == len({group.id for group in groups}) == len({group.title for group in groups})
    for group in groups:
        assert group.known and all((group.title, group.words, group.look_at, group.mends, group.who, group.source)), group.id
    assert [group.id for group in groups if group.noise] == ["authority-link"]


def test_every_line_of_real_exception_reports_is_explained() -> None:
    real = Path(__file__).parents[3] / "shared" / "data" / "reports"
    if not real.is_dir():
        pytest.skip("the real reports are not on this machine")
    meanings, told = load_meanings(), 0
    for file in real.glob("*BibExceptionReport.txt"):
        for _, line in lines_of(file.read_bytes()):
            *_, type_, _, text = line.split("|", 6)
            assert meanings.group_of(text, type_).known, line
            told += 1
    assert told > 50


def test_a_line_without_a_sentence_has_the_group_of_its_type() -> None:
    meanings = load_meanings()
    assert meanings.group_of("", "Processing Error").id == "processing-error"
    assert meanings.group_of(" ", "Data Error").id == "unreadable-record"
    assert meanings.group_of("line 5 could not be read: it has 2 columns", "Unreadable line").id == "unreadable-line"
    assert meanings.group_of("unresolved", "Outcome").id == "unresolved"


def test_a_sentence_nobody_has_explained_is_a_group_by_its_form() -> None:
    meanings = load_meanings()
    one, other = (meanings.group_of(f"{i} $a in 3rd 5{i[0]}1 glows in the dark.") for i in ("1st", "2nd"))
    assert one == other and not one.known and one.id == f"{UNEXPLAINED}$x in NNN glows in the dark."
    assert meanings.group(one.id) == one
    assert meanings.group_of("unresolved", "Validation Error").id == f"{UNEXPLAINED}unresolved"
    assert meanings.group_of("") != meanings.group_of("sparse") and not meanings.group_of("").known


def test_ordinals_tags_subfields_and_positions_are_taken_out_of_a_sentence() -> None:
    assert normalised("Invalid code in 1st $2 in 22nd 650.") == "Invalid code in $x in NNN."
    assert normalised("Invalid  code in Illustrations (008/18-21).") == "Invalid code in Illustrations (008)."
    assert normalised("1st $c in 1st 066 indicates presence of (3 script, but (3 script is not found.") == normalised(
        "2nd $c in 1st 066 indicates presence of $1 script, but $1 script is not found.")
    assert normalised("Invalid code in indicator 1 in 655.") == normalised("Invalid code in indicator 2 in 3rd 245.")


@given(st.text(max_size=80))
def test_any_text_at_all_has_a_group_and_always_the_same(text: str) -> None:
    meanings = load_meanings()
    assert meanings.group_of(text) == meanings.group(meanings.group_of(text).id)
    assert meanings.group_of(f"  {text}  ") == meanings.group_of(text)


OWN = """
[[group]]
id = "glows"
title = "It glows"
says = ["$x in NNN glows ... dark"]
words = "A joke of ours."
[[group]]
id = "sparse"
title = "Too little for us as well"
says = ["Record is sparse."]
words = "Ask Jane first."
"""


def test_a_library_tells_its_own_meanings_and_they_come_first(tmp_path: Path) -> None:
    (tmp_path / "meanings.toml").write_text(OWN)
    own, ours = load_meanings(tmp_path), load_meanings()
    assert own.group_of("1st $a in 3rd 511 glows in the DARK.").title == "It glows"
    assert own.group_of("Record is sparse.").words == "Ask Jane first."
    assert len(own.groups) == len(ours.groups) + 1 and own.digest != ours.digest
    (tmp_path / "meanings.toml").unlink()
    assert load_meanings(tmp_path).digest == ours.digest


@pytest.mark.parametrize(("harm", "told"), [
    ("[[group", "not TOML"), ("[other]\na = 1", "other"), ('[[group]]\nid = "a"', "title"), (OWN + OWN, "twice"),
    ('[[group]]\nid = "a"\ntitle = "b"\nwords = "c"', "neither"), (OWN + 'colour = "red"', "colour"),
    ('[[group]]\nid = "a"\ntitle = "b"\nwords = "c"\nsays = "x"', "list"), (OWN + 'batch = "yes"', "true or false"),
    ('[[group]]\nid = "? a"\ntitle = "b"\nwords = "c"\nsays = ["x"]', "begin")])
def test_a_mistake_in_it_is_told_with_where_it_is(tmp_path: Path, harm: str, told: str) -> None:
    (tmp_path / "meanings.toml").write_text(harm)
    with pytest.raises(SettingsError, match=told) as raised:
        load_meanings(tmp_path)
    assert "meanings.toml" in str(raised.value)


def test_the_groups_travel_with_the_package() -> None:
    folder = Path(oclc_console.__file__).parent
    assert (folder / "oclc" / "meanings.toml").is_file()
    pyproject = (folder.parent / "pyproject.toml").read_text()
    hatch = pyproject.split("[tool.hatch")[1].split("[tool.ruff]")[0]
    assert 'packages = ["oclc_console"]' in hatch and "exclude" not in hatch
    for wheel in (folder.parent / "dist").glob("*.whl"):
        assert "oclc_console/oclc/meanings.toml" in zipfile.ZipFile(wheel).namelist()
