"""MARCXML: read in any layout, turned into the binary record that will be sent; a bad record stays one bad record even in
XML that is broken, and pymarc agrees about every record that both accept."""

from __future__ import annotations

import io
import re
import tarfile
import warnings
from pathlib import Path

import pymarc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.errors import InputError
from oclc_console.marc.record import subfields
from oclc_console.marc.source import BLOCK, Scanned, scan
from oclc_console.marc.xml import scan_xml
from tests.core.samples import marc
from tests.core.wild import WILD

DATA = Path(__file__).parents[3] / "shared" / "data" / "marc"
real = pytest.mark.skipif(not DATA.is_dir(), reason="the real MARC files are not on this machine")

LEADER = "01432cam a2200373 i 4500"
TITLE = '<datafield tag="245" ind1="1" ind2="0"><subfield code="a">Invented rivers</subfield></datafield>'


def one(mms: str, *fields: str, leader: str = LEADER) -> bytes:
    """A record as Alma writes it: 005 and 008 before 001, no line ends."""
    return (f'<record><leader>{leader}</leader><controlfield tag="005">20260211093015.0</controlfield>'
            f'<controlfield tag="008">170425s2016</controlfield><controlfield tag="001">{mms}</controlfield>'
            f'{"".join(fields) or TITLE}</record>').encode()


def document(*records: bytes) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8"?>\n<collection>' + b"".join(records) + b"</collection>"


def read(content: bytes, step: int = BLOCK) -> list[Scanned]:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(step, size or step))

    return list(scan_xml(Slow(content), "a.xml"))


def told(found: list[Scanned]) -> list[str]:
    """Per record: its 001 when it is kept, else the rule that rejected it."""
    return [(s.record.first(b"001") or b"").decode() if s.record else s.finding.rule if s.finding else "" for s in found]


def field(inside: str, how: str = 'tag="500" ind1=" " ind2=" "') -> str:
    return f"<datafield {how}>{inside}</datafield>"


def test_a_record_as_alma_writes_it_becomes_binary_marc_with_001_first() -> None:
    (found,) = read(document(one("991")))
    assert found.raw == marc([("001", b"991"), ("005", b"20260211093015.0"), ("008", b"170425s2016"),
                              ("245", b"10\x1faInvented rivers")], b"00000cam a2200000 i 4500")
    assert found.finding is None


def test_the_leader_is_made_to_say_what_the_binary_record_is(tmp_path: Path) -> None:
    (found,) = read(document(one("991", leader="99999cam  33abcde i 9999")))
    assert found.record is not None and found.record.leader[5:12] == b"cam a22" and found.record.leader[20:] == b"4500"
    (tmp_path / "a.mrc").write_bytes(found.raw)
    assert [s.finding for s in scan(tmp_path / "a.mrc")] == [None]


@pytest.mark.parametrize(("opening", "closing", "prefix"), [
    ("<collection>", "</collection>", ""),
    ('<collection xmlns="http://www.loc.gov/MARC21/slim">', "</collection>", ""),
    ('<m:collection xmlns:m="http://www.loc.gov/MARC21/slim">', "</m:collection>", "m:"),
    ("<OAI><record><header>x</header><metadata>", "</metadata></record></OAI>", ""),
])
def test_namespaces_prefixes_and_wrappers_make_no_difference(opening: str, closing: str, prefix: str) -> None:
    record = re.sub(rb"<(/?)", rb"<\1" + prefix.encode(), one("991"))
    assert read(opening.encode() + record + closing.encode())[0].raw == read(document(one("991")))[0].raw


def test_layout_comments_cdata_and_the_order_of_attributes_make_no_difference() -> None:
    pretty = one("991").replace(b"><", b">\r\n\t<").replace(b"Invented", b"Inv<!-- c -->en<![CDATA[ted]]>").replace(
        b'tag="245" ind1="1" ind2="0"', b"ind2='0' tag='245' ind1='1'")
    assert read(document(pretty))[0].raw == read(document(one("991")))[0].raw


@pytest.mark.parametrize("step", [1, 7, 100, BLOCK])
def test_where_the_blocks_of_the_stream_end_makes_no_difference(step: int) -> None:
    content = document(one("1"), one("2", leader="short"), one("3").replace(b"rivers", b"\xff"), one("4"))
    assert read(content, step) == read(content)
    assert told(read(content)) == ["1", "leader", "xml", "4"]


def test_offsets_are_those_of_the_record_elements_in_the_file() -> None:
    content = document(one("1"), one("é2"), b"\n", one("3", leader="short"))
    found = read(content)
    assert [s.offset for s in found] == [m.start() for m in re.finditer(rb"<record>", content)]
    assert [s.number for s in found] == [1, 2, 3]


def test_characters_stay_composed_or_decomposed_as_they_came() -> None:
    (found,) = read(document(one("991", field('<subfield code="a">e\u0301 \u00e9 &#233; &amp;</subfield>'))))
    assert found.record is not None
    assert subfields(found.record.fields[3], b"a") == ["e\u0301 \u00e9 \u00e9 &".encode()]


def test_a_file_in_another_encoding_is_read_as_it_says() -> None:
    latin = document(one("991", field('<subfield code="a">Café</subfield>'))).decode().replace("UTF-8", "ISO-8859-1")
    (found,) = read(latin.encode("latin-1"))
    assert "Café".encode() in found.raw


def test_empty_or_missing_indicators_are_blanks() -> None:
    found = read(document(one("991", field('<subfield code="a">x</subfield>', 'tag="500" ind1=""'))))[0]
    assert found.record is not None and found.record.fields[3] == b"  \x1fax"


def test_a_subfield_code_of_two_letters_is_kept_as_marc_has_it_with_a_warning() -> None:
    found = read(document(one("991", field('<subfield code="aa">x</subfield>', 'tag="985" ind1=" " ind2=" "'))))[0]
    assert found.record is not None and found.record.fields[3] == b"  \x1faax"
    assert found.finding is not None and (found.finding.rule, found.finding.fatal) == ("subfield-code", False)


BAD = {
    "a 23-character leader": (one("bad", leader=LEADER[:-1]), "leader"),
    "a leader that is not ASCII": (one("bad", leader=LEADER[:8] + "é" + LEADER[9:]), "leader"),
    "two leaders": (one("bad").replace(b"</leader>", b"</leader><leader>x</leader>"), "leader"),
    "no leader": (re.sub(rb"<leader>.*</leader>", b"", one("bad")), "leader"),
    "no fields": (f"<record><leader>{LEADER}</leader></record>".encode(), "no-fields"),
    "nothing at all": (b"<record/>", "leader"),
    "a field without a tag": (one("bad", field('<subfield code="a">x</subfield>', "")), "tag"),
    "a tag of two digits": (one("bad", field('<subfield code="a">x</subfield>', 'tag="42"')), "tag"),
    "a tag of six bytes": (one("bad", field('<subfield code="a">x</subfield>', 'tag="ééé"')), "tag"),
    "a subfield without a code": (one("bad", field("<subfield>x</subfield>")), "subfield-code"),
    "an empty code": (one("bad", field('<subfield code="">x</subfield>')), "subfield-code"),
    "a long indicator": (one("bad", field('<subfield code="a">x</subfield>', 'tag="500" ind1="12"')), "indicators"),
    "a field with no subfield mark": (one("bad", field("A note")), "xml-text"),
    "text between subfields": (one("bad", field('<subfield code="a">x</subfield>lost')), "xml-text"),
    "text between fields": (one("bad", TITLE + "lost" + TITLE), "xml-text"),
    "an element nobody knows": (one("bad", field('<subfields code="a">x</subfields>')), "xml-element"),
    "an element in a value": (one("bad", field('<subfield code="a">x<b>y</b></subfield>')), "xml-element"),
    "a leader in a value": (one("bad", field('<subfield code="a">x<leader>y</leader></subfield>')), "xml-element"),
    "a control field with subfields": (one("bad", field('<subfield code="a">x</subfield>', 'tag="003"')), "tag"),
    "a data field that is a control field": (one("bad", '<controlfield tag="900">ab</controlfield>'), "tag"),
    "a field over 9,999 bytes": (one("bad", field(f'<subfield code="a">{"x" * 9996}</subfield>')), "too-long"),
    "a record over 99,999 bytes": (one("bad", *[field(f'<subfield code="a">{"x" * 9000}</subfield>')] * 12), "too-long"),
    "a byte that is no UTF-8": (one("bad").replace(b"rivers", b"riv\xffers"), "xml"),
    "a control character": (one("bad").replace(b"rivers", b"riv\x1fers"), "xml"),
    "a bare ampersand": (one("bad").replace(b"rivers", b"R & D"), "xml"),
    "a tag that closes another": (one("bad").replace(b"</subfield>", b"</subfeld>"), "xml"),
    "an unclosed quote": (one("bad").replace(b'tag="245"', b'tag="245'), "xml"),
    "no end": (one("bad")[: -len("</record>")], "xml"),
    "an entity nobody declared": (one("bad").replace(b"rivers", b"&eacute;"), "xml"),
}


@pytest.mark.parametrize("what", BAD)
def test_one_bad_record_stays_one_bad_record_set_aside_with_its_own_bytes(what: str) -> None:
    bad, rule = BAD[what]
    found = read(document(one("1"), bad, one("2")))
    assert told(found) == ["1", rule, "2"]
    assert found[1].raw == bad and found[1].finding is not None and found[1].finding.fatal


def test_broken_xml_is_told_by_line_and_column_also_behind_another_break() -> None:
    def broken(mms: str) -> bytes:
        return b"\n" + one(mms).replace(b"rivers", b"&&")

    content = document(broken("1"), one("2"), broken("3"), broken("4"))
    details = [s.finding.detail for s in read(content) if s.finding]
    column = broken("1").index(b"&&") + 1
    assert [re.findall(r"line \d+, column \d+", d) for d in details] == [[f"line {n}, column {column}"] for n in (3, 4, 5)]


@pytest.mark.parametrize("cut", [12, 30, 200])
def test_a_cut_file_keeps_what_came_before_and_says_that_it_is_cut(cut: int) -> None:
    content = document(one("1"), one("2"))[:-cut]
    found = read(content)
    assert told(found) == (["1", "2", "truncated"] if cut < 13 else ["1", "truncated"])
    assert content.endswith(found[-1].raw)


def test_two_documents_in_one_file_are_both_read() -> None:
    assert told(read(document(one("1"), one("2")) + b"\n" + document(one("3")) + b"\0\0\x1a")) == ["1", "2", "3"]


@pytest.mark.parametrize("doctype", [
    b'<!DOCTYPE c [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>',
    b'<!DOCTYPE c [<!ENTITY secret SYSTEM "file:///etc/hostname">]>',
    b'<!DOCTYPE c [<!ENTITY % remote SYSTEM "http://example.org/x.dtd"> %remote;]>',
])
def test_a_document_that_declares_entities_is_refused_in_one_sentence(doctype: bytes) -> None:
    with pytest.raises(InputError, match="declares entities") as raised:
        read(doctype + b"<c>" + one("1") + b"</c>")
    assert "Alma" in raised.value.then


def test_an_entity_that_only_an_outer_dtd_could_explain_sets_its_record_aside() -> None:
    content = b'<!DOCTYPE c SYSTEM "marc.dtd"><c>' + one("1") + one("bad").replace(b"rivers", b"&eacute;") + b"</c>"
    assert told(read(content)) == ["1", "xml-entity"]


def test_an_encoding_nobody_knows_is_refused() -> None:
    with pytest.raises(InputError, match="encoding"):
        read(document(one("1")).replace(b"UTF-8", b"EBCDIC-99"))


def test_a_record_that_never_ends_is_refused_before_memory_runs_out() -> None:
    class Endless(io.RawIOBase):
        def __init__(self) -> None:
            self.first = True

        def read(self, size: int = -1, /) -> bytes:
            self.first, first = False, self.first
            return b"<collection><record>" if first else b"<a></a>" * 150_000

    with pytest.raises(InputError, match="no record ends"):
        list(scan_xml(Endless(), "a.xml"))


# pymarc, and real files

XML_FILES = sorted(p for p in DATA.rglob("*") if p.suffix in (".xml", ".marcxml") or p.name.endswith(".tar.gz"))
ELEMENT = re.compile(rb"<((?:\w+:)?)record[\s>].*?</\1record>", re.DOTALL)
WRAP = (b'<x xmlns:marc="http://www.loc.gov/MARC21/slim" xmlns:ns0="http://www.loc.gov/MARC21/slim">%b</x>')


def content_of(path: Path) -> bytes:
    if not path.name.endswith(".gz"):
        return path.read_bytes()
    with tarfile.open(path) as archive:
        (member,) = archive.getmembers()
        handle = archive.extractfile(member)
        assert handle is not None
        return handle.read()


def theirs(element: bytes) -> list[tuple[bytes, bytes]] | None:
    """The record's fields as pymarc has them, 001 first; None when it can't read it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (record,) = pymarc.parse_xml_to_array(io.BytesIO(WRAP % element))  # type: ignore[no-untyped-call]
    except Exception:  # whatever pymarc raises
        return None
    fields = []
    for each in record.fields:
        body = (each.data or "").encode() if each.is_control_field() else (
            "".join(mark or " " for mark in each.indicators or ()).encode()
            + b"".join(b"\x1f" + part.code.encode() + part.value.encode() for part in each.subfields))
        fields.append((each.tag.encode(), body))
    return sorted(fields, key=lambda pair: pair[0] != b"001")


@real
@pytest.mark.parametrize("path", XML_FILES, ids=lambda path: path.name)
def test_every_record_of_a_real_file_is_kept_or_set_aside_and_pymarc_agrees(path: Path) -> None:
    content = content_of(path)
    found = read(content)
    elements = {match.start(): match[0] for match in ELEMENT.finditer(content)}
    assert [s.offset for s in found] == sorted(elements)
    for scanned in found:
        if scanned.record is None:
            assert scanned.finding is not None and scanned.finding.fatal and scanned.raw == elements[scanned.offset]
        elif (pymarcs := theirs(elements[scanned.offset])) is not None:
            assert list(zip(scanned.record.tags, scanned.record.fields, strict=True)) == pymarcs


values = st.text(st.characters(codec="utf-8", exclude_characters="<&>\ufffe\uffff", exclude_categories=["Cs", "Cc"]),
                 max_size=20)
data_fields = st.tuples(
    st.from_regex(r"[1-9][0-9]{2}", fullmatch=True), st.sampled_from([" ", "", "1"]), st.sampled_from([" ", "0"]),
    st.lists(st.tuples(st.sampled_from("abc0"), values), min_size=1, max_size=3),
).map(lambda f: f'<datafield tag="{f[0]}" ind1="{f[1]}" ind2="{f[2]}">' + "".join(
    f'<subfield code="{code}">{value}</subfield>' for code, value in f[3]) + "</datafield>")


@WILD
@given(st.lists(data_fields, min_size=1, max_size=5))
def test_pymarc_agrees_about_any_record_that_is_sound(fields: list[str]) -> None:
    element = one("991", *fields)
    (found,) = read(document(element))
    assert found.record is not None
    assert list(zip(found.record.tags, found.record.fields, strict=True)) == theirs(element)


@WILD
@given(st.data())
def test_whatever_happens_to_a_byte_nothing_is_raised_and_no_other_record_suffers(data: st.DataObject) -> None:
    victim = one("victim", TITLE, field('<subfield code="a">é</subfield>'))
    at = data.draw(st.integers(len("<record>"), len(victim) - 1 - len("</record>")))
    change = data.draw(st.binary(max_size=3))
    changed = victim[:at] + change + victim[at + data.draw(st.integers(0, 20)) :]
    if b"record>" not in changed[len("<record>"):-len("</record>")] and b"<!" not in changed:
        kept = told(read(document(one("1"), changed, one("2"))))
        assert kept[0] == "1" and len(kept) <= 4
        assert kept[-1] == "2" or not changed.endswith(b"</record>")


@WILD
@given(st.lists(st.sampled_from([
    b"<record>", b"</record>", b"<leader>", b"</leader>", b"<collection>", b"</collection>", b'<datafield tag="245">',
    b"</datafield>", b'<subfield code="a">', b"</subfield>", b'<controlfield tag="001">', b"</controlfield>", b"text", b"\xff",
    b"<!--", b"-->", b"<![CDATA[", b"]]>", b"&lt;", b"&", b"\n", b"<?xml?>", b"<x:record/>", one("1"), document(one("2")),
]), max_size=25), st.integers(1, 50))
def test_any_heap_of_markup_is_read_without_an_exception_and_gives_the_same_records_in_any_blocks(
    parts: list[bytes], step: int
) -> None:
    content = b"<collection>" + b"".join(parts)
    found = read(content)
    assert [(s.offset, s.raw) for s in found if s.record] == [(s.offset, s.raw) for s in read(content, step) if s.record]
    offsets = [s.offset for s in found]
    assert offsets == sorted(offsets) and [s.number for s in found] == list(range(1, len(found) + 1))
    rejected = [s for s in found if s.record is None]
    assert all(content[s.offset : s.offset + len(s.raw)] == s.raw for s in rejected)
