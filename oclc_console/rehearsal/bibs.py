"""Makes one bibliographic record as a library's Alma would hold it, of one of the kinds below, and the fields that a
holdings-level publishing profile puts into each copy of it. Which kinds a set holds, and in what number, is maker.py;
breaking them is faults.py. The words are in words.py."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from oclc_console.rehearsal import words
from oclc_console.rehearsal.draft import Draft, Pair, control, data

ARCHIVAL, REPRODUCTION, TRUSTED, VERNACULAR, PLAIN = "archival", "reproduction", "trusted", "vernacular", "plain"
KINDS = (ARCHIVAL, REPRODUCTION, TRUSTED, VERNACULAR, PLAIN)
_HAS_OCN = {ARCHIVAL: 0.5, REPRODUCTION: 0.65, TRUSTED: 1.0, VERNACULAR: 0.6, PLAIN: 0.6}
_HAS_VERNACULAR = {ARCHIVAL: 0.05, REPRODUCTION: 0.12, TRUSTED: 0.15, VERNACULAR: 1.0, PLAIN: 0.0}
_ARCHIVAL_MATERIALS = (("t", "m", " "), ("t", "c", "a"), ("d", "m", " "), ("f", "m", " "), ("p", "c", "a"), ("a", "c", "a"),
                       ("a", "m", " "))  # the last is archival by its 040 $e alone


@dataclass(frozen=True)
class Bib:
    """A record without its holdings: what kind, its MMS id, its OCLC number (None when it has none)."""

    kind: str
    mms: str
    ocn: int | None
    draft: Draft


@dataclass(frozen=True)
class _Description:
    """What the parts of one record must agree about."""

    kind: str
    material: tuple[str, str, str]  # leader 06, 07, 08
    year: int
    language: str
    country: str
    serial: bool
    vernacular: words.Vernacular | None
    foreign: tuple[str, str, str, str, str] | None
    rda: bool


def spelled(ocn: int, prefix: str) -> str:
    """An OCLC number as OCLC writes it in its own 001: ocm and 8 digits, ocn and 9, on and 10 or more."""
    word = "ocm" if ocn < 10**8 else "ocn" if ocn < 10**9 else "on"
    return f"{prefix}{word}{ocn:08d}"


def make_bib(rng: random.Random, kind: str, mms: str, ocn: int | None, long: bool) -> Bib:
    """A good record of a kind. `ocn` is the number it would have; kinds other than trusted use it only at times. `long`
    gives it notes and contents until it is some 60 to 90 KB."""
    about = _describe(rng, kind)
    number = ocn if rng.random() < _HAS_OCN[kind] else None
    saved = (f"20{rng.randint(10, 20):02d}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
             f"{rng.randint(0, 23):02d}{rng.randint(0, 59):02d}{rng.randint(0, 59):02d}.0")
    fields = [control("001", mms), control("005", saved), control("008", _fixed(rng, about))]
    fields += [*_numbers(rng, mms, number), _source(rng, about)]
    parts: tuple[Callable[[random.Random, _Description], list[Pair]], ...] = (_title, _imprint, _extent, _notes, _subjects)
    for part in parts:
        fields += part(rng, about)
    if about.vernacular:
        fields += _parallel(fields, about.vernacular)
    if long:
        fields += _contents(rng)
    return Bib(kind, mms, number, Draft(_leader(rng, about), ()).add(*fields))


def _describe(rng: random.Random, kind: str) -> _Description:
    vernacular = rng.choice(words.VERNACULARS) if rng.random() < _HAS_VERNACULAR[kind] else None
    foreign = rng.choice(words.FOREIGN_TITLES) if not vernacular and rng.random() < 0.25 else None
    year = rng.randint(1780, 1950) if kind == ARCHIVAL else rng.choice((rng.randint(1850, 1969), rng.randint(1970, 2020)))
    language = vernacular.language if vernacular else foreign[0] if foreign else "eng"
    country = vernacular.country if vernacular else foreign[1] if foreign else rng.choice(words.PUBLISHERS)[0]
    serial = kind != ARCHIVAL and rng.random() < 0.06
    material = rng.choice(_ARCHIVAL_MATERIALS) if kind == ARCHIVAL else ("a", "s" if serial else "m", " ")
    rda = year > 1990 and rng.random() < 0.6
    return _Description(kind, material, year, language, country, serial, vernacular, foreign, rda)


def _leader(rng: random.Random, about: _Description) -> bytes:
    status = rng.choice("ccccccccn")
    encoding = rng.choice("IIIIIIII   47KM")
    form = "i" if about.rda else rng.choice("aaa ")
    kind, level, archival = about.material
    return f"00000{status}{kind}{level}{archival}a2200000{encoding}{form} 4500".encode()


def _fixed(rng: random.Random, about: _Description) -> str:
    """008, 40 characters: entered, type of date, date 1, date 2, place, 17 of the material, language, modified, source."""
    entered_in = rng.randint(70, 99) if rng.random() < 0.5 else rng.randint(0, 20)
    entered = f"{entered_in:02d}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    dates = f"s{about.year}    "
    material = f"{rng.choice(('    ', 'a   ', 'ab  '))}       00{rng.choice('01')} 0{rng.choice('01 i')}"[:17].ljust(17)
    if about.serial:
        dates, material = f"c{about.year}9999", "qr p       0   a0"
    elif about.kind == ARCHIVAL:
        dates = f"i{about.year}{about.year + rng.randint(1, 40)}"
    return f"{entered}{dates}{about.country}{material}{about.language} {rng.choice('  d')}"


def _numbers(rng: random.Random, mms: str, ocn: int | None) -> list[Pair]:
    """020 and 035 in every spelling that is met in real files."""
    fields = []
    if rng.random() < 0.4:
        fields.append(data("020", "  ", "a", f"978{rng.randint(10**9, 10**10 - 1)}"))
    if rng.random() < 0.5:
        fields.append(data("035", "  ", "a", f"{rng.choice(words.VENDOR_NUMBERS)}{rng.randint(10**5, 10**9)}"))
    if ocn is not None:
        prefixed, bare = spelled(ocn, "(OCoLC)"), f"(OCoLC){ocn}"
        spelling = rng.random()
        if spelling < 0.1:
            fields += [data("035", "  ", "a", prefixed), data("035", "  ", "a", bare)]
        elif spelling < 0.13:
            fields.append(data("035", "  ", "a", f"(OCoLC) {ocn}"))
        elif spelling < 0.18:
            fields.append(data("035", "  ", "a", f"(OCoLC){ocn:08d}"))
        else:
            fields.append(data("035", "  ", "a", prefixed if spelling < 0.6 else bare))
        if rng.random() < 0.01:
            fields.append(data("035", "  ", "a", f"(OCoLC){rng.randint(10**6, 10**9)}"))
        if rng.random() < 0.06:
            fields.append(data("035", "  ", "z", f"(OCoLC){rng.randint(10**6, 10**9)}"))
    if rng.random() < 0.004:
        fields.append(data("035", "  ", "a", f"(OCoLC){mms}"))
    return fields


def _source(rng: random.Random, about: _Description) -> Pair:
    agency = rng.choice(("DLC", "XXU", "OCLCQ", "HLS", "NIC", "UKM"))
    rules = ["e", "rda"] if about.rda else []
    if about.kind == ARCHIVAL:
        rules = ["e", rng.choice(("dacs", "dacs", "appm", "amim", "dcrmmss", "dcrmg"))]
    return data("040", "  ", "a", agency, "b", "eng", *rules, "c", agency, "d", "XXU")


def _title(rng: random.Random, about: _Description) -> list[Pair]:
    surname, forename = rng.choice(words.SURNAMES), rng.choice(words.FORENAMES)
    name, title, rest = f"{surname}, {forename},", "", rng.choice(words.REMAINDERS)
    if about.vernacular:
        name, title, rest = about.vernacular.name[0] + ",", about.vernacular.title[0], about.vernacular.remainder[0]
    elif about.foreign:
        title, rest = about.foreign[3], about.foreign[4]
    elif rng.random() < 0.06:
        title = rng.choice((*words.AWKWARD_TITLES, words.LONG_TITLE))
    elif about.kind == ARCHIVAL:
        title, rest = f"{surname} family {rng.choice(('papers', 'letters', 'diaries'))},", f"{about.year}-"
    else:
        title = f"{rng.choice(words.ADJECTIVES)} {rng.choice(words.NOUNS)} of {rng.choice(words.PLACES_OF_SUBJECTS)}"
    link = (("6", "880-01"), ("6", "880-02")) if about.vernacular else ((), ())
    main = data("100", "1 ", *link[1], "a", name, "d", f"{about.year - 40}-")
    if about.serial or rng.random() < 0.05:
        main = data("110", "2 ", "a", "Example Historical Society.")
    fields = [main, data("245", "10", *link[0], "a", f"{title} :", "b", f"{rest} /", "c", f"{forename} {surname}.")]
    if rng.random() < 0.15:
        fields.append(data("246", "30", "a", title))
    return fields


def _imprint(rng: random.Random, about: _Description) -> list[Pair]:
    if about.kind == ARCHIVAL and about.material != ("a", "m", " "):
        return [data("264", " 0", "c", f"{about.year}-")] if rng.random() < 0.5 else []
    _, place, publisher = rng.choice(words.PUBLISHERS)
    if about.foreign:
        place = about.foreign[2]
    link = ("6", "880-03") if about.vernacular else ()
    if about.vernacular:
        place, publisher = about.vernacular.place[0], about.vernacular.publisher[0]
    parts = (*link, "a", f"{place} :", "b", f"{publisher},", "c", f"{about.year}{'-' if about.serial else '.'}")
    return [data("264", " 1", *parts) if about.rda or rng.random() < 0.3 else data("260", "  ", *parts)]


def _extent(rng: random.Random, about: _Description) -> list[Pair]:
    if about.kind == ARCHIVAL:
        fields = [data("300", "  ", "a", f"{rng.randint(1, 90)}", "f", "linear feet")]
    elif about.serial:
        fields = [data("300", "  ", "a", "volumes :", "b", "illustrations ;", "c", "28 cm")]
    else:
        fields = [data("300", "  ", "a", f"{rng.randint(40, 900)} pages ;", "c", f"{rng.randint(18, 40)} cm")]
    if about.rda:
        fields += [data("336", "  ", "a", "text", "b", "txt", "2", "rdacontent"),
                   data("337", "  ", "a", "unmediated", "b", "n", "2", "rdamedia"),
                   data("338", "  ", "a", "volume", "b", "nc", "2", "rdacarrier")]
    if rng.random() < 0.1:
        fields.append(data("490", "1 ", "a", "Studies in rivers ;", "v", f"{rng.randint(1, 60)}"))
    return fields


def _notes(rng: random.Random, about: _Description) -> list[Pair]:
    fields = [data("500", "  ", "a", rng.choice(words.GENERAL_NOTES)) for _ in range(rng.choice((0, 1, 1, 2)))]
    if about.kind == ARCHIVAL:
        fields += [data("520", "2 ", "a", rng.choice(words.ARCHIVAL_NOTES)), data("506", "  ", "a", words.ARCHIVAL_NOTES[3])]
    thesis = {PLAIN: 0.06, TRUSTED: 0.03, ARCHIVAL: 0.01}.get(about.kind, 0.0)
    if rng.random() < thesis:
        fields.append(data("502", "  ", "a", rng.choice(words.THESIS_NOTES).format(year=about.year)))
    if rng.random() < 0.1:
        fields.append(data("590", "  ", "a", "Library copy: [bold]presentation copy[/bold], uncut."))
    return fields


def _subjects(rng: random.Random, about: _Description) -> list[Pair]:
    fields = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        fields.append(data("650", " 0", "a", rng.choice(words.SUBJECTS), "z", rng.choice(words.PLACES_OF_SUBJECTS) + "."))
    if rng.random() < 0.15:
        term, vocabulary = rng.choice(words.OTHER_VOCABULARIES)
        fields.append(data("650", " 7", "a", term, "2", vocabulary))
    if rng.random() < 0.3:
        term, vocabulary = rng.choice(words.GENRES)
        fields.append(data("655", " 7", "a", f"{term}.", "2", vocabulary))
    if rng.random() < 0.25:
        fields.append(data("700", "1 ", "a", f"{rng.choice(words.SURNAMES)}, {rng.choice(words.FORENAMES)}.", "e", "editor."))
    if rng.random() < 0.05:
        fields.append(data("856", "41", "u", "https://example.org/page?x=[1]&y=2"))
    return fields


def _parallel(fields: list[Pair], vernacular: words.Vernacular) -> list[Pair]:
    """The 880 fields that the $6 of 245, 1XX and 26X lead to, and back (MARC 21, Appendix A)."""
    script = vernacular.script
    parallel = [data("066", "  ", "c", script.partition("/")[0])]
    for tag, field in fields:
        if b"\x1f6880-" not in field:
            continue
        link = ("6", f"{tag.decode()}-{field[8:10].decode()}/{script}")
        values: tuple[str, ...] = ("a", vernacular.name[1])
        if tag == b"245":
            values = ("a", f"{vernacular.title[1]} :", "b", f"{vernacular.remainder[1]}.")
        elif tag in (b"260", b"264"):
            values = ("a", f"{vernacular.place[1]} :", "b", f"{vernacular.publisher[1]},")
        parallel.append(data("880", field[:2].decode(), *link, *values))
    return parallel


def _contents(rng: random.Random) -> list[Pair]:
    """Contents notes of up to 9 KB each, as collected works and archives have them."""
    sentence = f"{words.LONG_TITLE}; Über {rng.choice(words.SURNAMES)} : 第{rng.randint(1, 99)}章 -- "
    longest = 9_000 // len(sentence.encode())
    return [data("505", "0 ", "a", sentence * rng.randint(longest - 3, longest)) for _ in range(rng.randint(7, 9))]


def holding_fields(rng: random.Random, bib: Bib, library: str, holding: str) -> list[Pair]:
    """What the publishing profile maps from one holding into the bib: 852, at times 866, 079 (the trusted OCLC number) and
    843 (a reproduction)."""
    shelf = f"{rng.choice(words.CALL_NUMBERS)}{rng.randint(1, 9999)}"
    cutter = f".{rng.choice('ABCDEFGHIJKLM')}{rng.randint(10, 999)}"
    call = ("h", shelf, "i", cutter)
    fields = [data("852", "0 ", "b", library, "c", rng.choice(words.LOCATIONS), *call, "8", holding)]
    if rng.random() < 0.1:
        fields.append(data("866", " 0", "a", f"v.1-{rng.randint(2, 90)}", "8", holding))
    trusted = {TRUSTED: 1.0, REPRODUCTION: 0.25, ARCHIVAL: 0.25}.get(bib.kind, 0.0)
    if bib.ocn is not None and rng.random() < trusted:
        value = rng.choice((f"{bib.ocn}", spelled(bib.ocn, "(OCoLC)"), f"(OCoLC){bib.ocn}", spelled(bib.ocn, "")))
        fields.append(data("079", "  ", "a", value))
    if bib.kind == REPRODUCTION:
        rare = rng.random() < 0.06
        notes = [rng.choice(words.RARE_REPRODUCTION_NOTES if rare else words.REPRODUCTION_NOTES)]
        if rng.random() < 0.01:
            notes = [words.REPRODUCTION_NOTES[0], words.REPRODUCTION_NOTES[3]]
        fields += [data("843", "  ", "a", kind, "b", place, "c", agency, "8", holding) for kind, place, agency in notes]
    return fields
