"""What a unit's survey of Connexion authorizations says: rows of text under headings that differ from unit to unit
become people. Known headings give the fields, all others are kept as they are; a sheet that holds passwords is
refused. Pure; reading the file is operations/survey_file.py's, what the people add up to authorizations.py's."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from oclc_console.errors import InputError

# field -> the headings under which surveys ask for it, in the form that plain_heading() gives
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "person": ("person", "name", "full name", "staff name", "staff member", "staff", "cataloger", "cataloger name", "user",
               "operator", "operator name", "name of person", "employee", "employee name"),
    "given": ("first name", "given name", "forename"),
    "family": ("last name", "family name", "surname"),
    "email": ("email", "e mail", "mail", "email address", "e mail address", "work email"),
    "unit": ("unit", "library", "library unit", "unit library", "department", "dept", "library code", "alma library",
             "unit code"),
    "symbol": ("symbol", "current symbol", "oclc symbol", "current oclc symbol", "old symbol", "institution symbol",
               "oclc institution symbol", "defunct symbol", "symbol now"),
    "target": ("target", "target symbol", "new symbol", "target oclc symbol", "new oclc symbol", "future symbol"),
    "level": ("level", "authorization level", "auth level", "current level", "cataloging level", "connexion level",
              "cataloging service mode"),
    "new_level": ("new level", "target level", "requested level", "level requested", "level needed"),
    "number": ("number", "authorization number", "authorization", "auth number", "auth no", "auth", "authorization no",
               "oclc authorization", "oclc authorization number", "connexion authorization", "connexion authorization number",
               "current authorization", "current authorization number", "old authorization number", "connexion login",
               "connexion logon", "login", "logon", "current login", "old login", "9 digit number"),
    "new_number": ("new number", "new authorization", "new authorization number", "target authorization",
                   "target authorization number", "new login", "new logon"),
    "status": ("status", "state", "active", "still active", "in use", "still in use"),
    "greeting": ("greeting", "logon greeting", "login greeting"),
    "classification": ("classification", "class", "default classification", "default classification scheme",
                       "classification scheme", "types of classifications used"),
    "subjects": ("subjects", "subject", "subject headings", "default subject heading", "default subject headings",
                 "types of subjects used"),
    "note": ("note", "notes", "comment", "comments", "remark", "remarks"),
}
FIELDS = tuple(field for field in HEADINGS if field not in ("given", "family"))
_FIELD_OF = {heading: field for field, headings in HEADINGS.items() for heading in headings}
_WHO = {"person", "given", "family", "email", "number", "new_number"}  # a row of headings has one of these
_SECRET = ("password", "pass word", "passwd", "passwort", "kennwort", "passcode", "passphrase", "pass phrase", "mot de passe",
           "contrasena")
_SECRET_WORDS = {"pwd", "pw"}
_SECRET_CELL = re.compile(r"\b(?:password|passwd|passwort|kennwort|passcode|pwd|pw)\s*[:=]\s*\S", re.IGNORECASE)
_LOOKED_AT = 30  # rows at the top of a sheet among which the headings are looked for
_NUMBER = re.compile(r"100([0-9]{3})([0-9]{3})")

Entry = Mapping[str, str]  # the fields of one person that are not empty; `row` tells where it stood


@dataclass(frozen=True)
class Sheet:
    """A sheet's rows of cells as text, as they stand in the file, empty ones too. A CSV file is one sheet without a
    name."""

    name: str
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Answer:
    """A row of a survey: the known fields that are not empty, what stood under unknown headings, and where it stood."""

    fields: Mapping[str, str]
    more: Mapping[str, str]
    row: int
    sheet: str


@dataclass(frozen=True)
class Survey:
    """What a survey says. `known`: heading -> field, as they were understood; `unknown`: heading -> how many cells
    under it hold something; `above`: rows with something in them above the headings; `left_out`: sheets without any
    known heading."""

    answers: tuple[Answer, ...]
    known: Mapping[str, str]
    unknown: Mapping[str, int]
    above: int
    left_out: tuple[str, ...]


def plain_heading(text: str) -> str:
    """A heading without case, accents, punctuation and the difference between British and American spelling."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    words = " ".join(re.findall(r"[a-z0-9]+", letters))
    return words.replace("authoris", "authoriz").replace("catalogu", "catalog")


def plain_number(text: str) -> str:
    """An authorization number as 100-123-456, however it was typed; any other text as it is. Source: OCLC writes
    cataloging numbers with nine digits of which the first three are 100."""
    digits = re.sub(r"[\s.-]", "", text.strip().removesuffix(".0"))
    found = _NUMBER.fullmatch(digits)
    return f"100-{found[1]}-{found[2]}" if found else text


def is_number(text: str) -> bool:
    """Whether this is an authorization number as plain_number() writes it."""
    return re.fullmatch(r"100-[0-9]{3}-[0-9]{3}", text) is not None


def read_survey(sheets: Sequence[Sheet], file: str) -> Survey:
    """The people of a survey, a row each; `file` names it in errors. Raises InputError for a sheet that holds
    passwords, and where no sheet has a heading that tells who a row is about."""
    answers: list[Answer] = []
    known: dict[str, str] = {}
    unknown: Counter[str] = Counter()
    above, left_out = 0, []
    for sheet in sheets:
        at = _heading_row(sheet.rows)
        _refuse_passwords(sheet, at, file)
        if at is None:
            if any(_filled(row) for row in sheet.rows):
                left_out.append(sheet.name)
            continue
        above += sum(_filled(row) for row in sheet.rows[:at])
        columns = _columns(sheet.rows[at])
        known.update({title: field for title, field in columns if field})
        unknown.update({title: 0 for title, field in columns if not field})
        for number, row in enumerate(sheet.rows[at + 1:], at + 2):
            if _filled(row):
                answer = _answer(columns, row, number, sheet.name)
                unknown.update({title: 1 for title in answer.more})
                answers.append(answer)
    if not known:
        raise InputError("no row of headings was found that tells who is meant", where=file,
                         then="Name a column Name, Email or Authorization number, in one of the first "
                              f"{_LOOKED_AT} rows. Nothing of this file was taken.")
    return Survey(tuple(answers), known, dict(unknown), above, tuple(left_out))


def _filled(row: Sequence[str]) -> bool:
    return any(cell.strip() for cell in row)


def _heading_row(rows: Sequence[Sequence[str]]) -> int | None:
    """Where the headings stand: the first row of several cells that tells who a row is about, else the first of one
    cell."""
    telling = [number for number, row in enumerate(rows[:_LOOKED_AT])
               if _WHO & {_FIELD_OF.get(plain_heading(cell)) for cell in row}]
    wide = [number for number in telling if sum(bool(cell.strip()) for cell in rows[number]) > 1]
    return next(iter(wide or telling), None)


def _is_secret(heading: str) -> bool:
    return any(word in heading for word in _SECRET) or bool(_SECRET_WORDS & set(heading.split()))


def _refuse_passwords(sheet: Sheet, at: int | None, file: str) -> None:
    """Looks at the headings, at short cells above them (or at the top of a sheet without any), and at what is written
    in cells as `password: ...`. What was found is not repeated."""
    place = f"{file}, sheet {sheet.name}" if sheet.name else file
    top = sheet.rows[:at] if at is not None else sheet.rows[:_LOOKED_AT]
    headings = [cell for cell in (sheet.rows[at] if at is not None else ()) if _is_secret(plain_heading(cell))]
    headings += [cell for row in top for cell in row
                 if _is_secret(plain_heading(cell)) and len(plain_heading(cell).split()) <= 2]
    said = f"the column {headings[0].strip()!r} is for passwords" if headings and len(headings[0]) < 60 else ""
    said = said or ("a column is for passwords" if headings else "")
    for number, row in enumerate(sheet.rows, 1):
        if not said and any(_SECRET_CELL.search(cell) for cell in row):
            said = f"row {number} seems to hold a password"
    if said:
        raise InputError(f"{said}: nothing of this file was taken", where=place,
                         then="Take the passwords out, save the file and import that. A password is known to its person alone; "
                              "OCLC makes a new one for a new number.")


def _columns(row: Sequence[str]) -> list[tuple[str, str]]:
    """(heading, field or "") for each column; of two columns for the same field the second is kept as an unknown
    one."""
    columns: list[tuple[str, str]] = []
    for number, cell in enumerate(row, 1):
        title = " ".join(cell.split()) or f"column {number}"
        field = _FIELD_OF.get(plain_heading(cell), "")
        taken = {each for _, each in columns}
        while title in [each for each, _ in columns]:
            title = f"{title} ({number})"
        columns.append((title, "" if field in taken else field))
    return columns


def _answer(columns: Sequence[tuple[str, str]], row: Sequence[str], number: int, sheet: str) -> Answer:
    fields: dict[str, str] = {}
    more: dict[str, str] = {}
    for (title, field), cell in zip(_enough(columns, len(row)), row, strict=False):
        if not cell.strip():
            continue
        if field:
            fields[field] = " ".join(cell.split())
        else:
            _keep(more, title, cell.strip())
    given, family = fields.pop("given", ""), fields.pop("family", "")
    if whole := f"{given} {family}".strip():
        if "person" in fields:
            _keep(more, "first and last name", whole)
        else:
            fields["person"] = whole
    for field in ("number", "new_number"):
        if field in fields:
            fields[field] = plain_number(fields[field])
    for field in ("symbol", "target"):
        if field in fields:
            fields[field] = fields[field].upper()
    return Answer(fields, more, number, sheet)


def _keep(more: dict[str, str], title: str, text: str) -> None:
    while title in more:
        title += "'"
    more[title] = text


def _enough(columns: Sequence[tuple[str, str]], cells: int) -> Iterator[tuple[str, str]]:
    """The columns, and names for cells that stand beside the last heading."""
    yield from columns
    for number in range(len(columns) + 1, cells + 1):
        yield f"column {number}", ""
