"""Where OCLC's sentences point: the sentences are those of real reports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.oclc.pointing import Place, places_in


@pytest.mark.parametrize(("sentence", "places"), [
    ("1st $6 in 1st 260 has invalid linking data.", [Place("260", 1, "6", 1)]),
    ("Invalid code in 1st $2 in 2nd 600.", [Place("600", 2, "2", 1)]),
    ("$b in 245 occurs too many times.", [Place("245", None, "b")]),
    ("Invalid subfield 1st $0 in 1st 264.", [Place("264", 1, "0", 1)]),
    ("Invalid code in Illustrations (008/18-21).", [Place("008", first=18, last=21)]),
    ("Invalid relationship - when 1st $e in 1st 040 is equal to rda, then 336 must be present.",
     [Place("040", 1, "e", 1), Place("336")]),
    ("Invalid relationship - when 1st $e in 1st 040 is equal to rda, then Descriptive Cataloging Form (Leader/18) must equal "
     "c or i.", [Place("040", 1, "e", 1), Place("LDR", first=18, last=18)]),
    ("Invalid relationship - when $6 in 700 is present, then 880 must be present.", [Place("700", None, "6"), Place("880")]),
    ("Invalid relationship - when Bibliographic Level (Leader/07) is equal to a, then 773 must be present.",
     [Place("LDR", first=7, last=7), Place("773")]),
    ("1st $c in 1st 066 indicates presence of (3 script, but (3 script is not found.", [Place("066", 1, "c", 1)]),
    ("Invalid code in indicator 1 in 1st 045.", [Place("045", 1, indicator=1)]),
    ("Record is sparse.", []),
    ("crosswalk_error", []),
    ("", []),
])
def test_a_sentence_names_its_places(sentence: str, places: list[Place]) -> None:
    assert list(places_in(sentence)) == places


def test_a_place_is_named_once_and_in_words() -> None:
    assert [place.words for place in places_in("2nd $z in 3rd 655, then $y in 655, 2nd $z in 3rd 655; (008/07-10) (Leader/17)")
            ] == ["3rd 655 2nd $z", "655 $y", "008/07-10", "LDR/17"]


@given(st.text())
def test_no_text_is_too_wild(text: str) -> None:
    assert all(len(place.tag) == 3 for place in places_in(text))
