"""Opens a pack on a laptop: unpacks it, whole or not at all, beside the file into a folder that is a tiny workspace, opens the
same folder the next time, and puts what people did back into the file, which then goes home. No network, no reports. Not
for making a pack (pack.py) nor for bringing the work home (merge_pack.py).

    WID.pack    WID-3f2a9c01/    console.toml, pack.json, opened.json, original.pack, rejections/, sent/
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from oclc_console.errors import CallError, ConsoleError, InputError, from_os_error
from oclc_console.files import is_plain_name, locked, make_folder, replace_file, replacing, sha256_of
from oclc_console.oclc.meanings import OWN_FILE, load_meanings
from oclc_console.operations.pack import review_lines
from oclc_console.operations.sent_records import Place, packed_folder
from oclc_console.store.exception_index import HEAD, TAIL
from oclc_console.store.gathered import VERSION, gathered_path
from oclc_console.store.gathered_check import load_foreign
from oclc_console.store.histories import Histories, histories_of, of_reviews, put_as_they_are
from oclc_console.store.pack_file import (
    EXCEPTIONS,
    GATHERED,
    MANIFEST,
    MEANINGS,
    PLACES,
    REVIEWS,
    SENT,
    About,
    PackFile,
    about_of,
    as_lines,
    part_of,
    write_pack,
)
from oclc_console.store.rejections import exceptions_path
from oclc_console.store.reviews import Reviews
from oclc_console.workspace import FOLDERS, Workspace, as_toml

_ORIGINAL, _OPENED, _SETTINGS = "original.pack", "opened.json", "console.toml"
_ON_WINDOWS_TOO = frozenset('<>"|?*')


@dataclass(frozen=True)
class PutBack:
    """Where the work of an unpacked pack went: `file` holds all of it, unless `why` says why not."""

    file: Path
    written: bool
    why: str = ""


def pack_of(workspace: Workspace) -> About | None:
    """The pack that this workspace was unpacked from; None for a workspace of its own. Raises InputError."""
    path = workspace.root / MANIFEST
    try:
        return about_of(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError("it is damaged", where=str(path), then="Open the pack's file in another folder.") from error


def open_pack(file: Path) -> Workspace:
    """The workspace of a pack: unpacked if it wasn't yet. What was done in the same pack elsewhere (the file came back from
    another laptop) is taken in. Raises InputError for what is no sound pack, and CallError when both sides have work that
    the other lacks."""
    file = file.absolute()
    with PackFile(file) as pack:
        if pack.about.columns != VERSION:
            raise InputError(f"it was packed by version {pack.about.console} of the console, and this one reads other columns",
                             where=str(file), then=f"Use version {pack.about.console}, or ask for a new pack.")
        folder = file.parent / f"{file.stem}-{pack.about.id[:8]}"
        try:
            with locked(file.with_name(f".{file.name}.lock"), doing="opening a pack", wait_seconds=120):
                if not (folder / _SETTINGS).is_file():
                    _unpack(pack, folder)
                elif _is_of(folder, pack):
                    _take_in(pack, folder)
        except OSError as error:
            raise from_os_error(error, "unpacking") from error
    return Workspace(folder)


def _is_of(folder: Path, pack: PackFile) -> bool:
    """Whether a folder is this pack's and the file has changed since they were last alike. Raises CallError for another's."""
    about = pack_of(Workspace(folder))
    if about is None or about.id != pack.about.id:
        raise CallError("a folder of this name is here already, and it is not this pack's", where=str(folder),
                        then="Move that folder, or the pack, to another place.")
    return bool(_opened(folder).get("sha256") != sha256_of(pack.path))


# unpacking


def _unpack(pack: PackFile, folder: Path) -> None:
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    for left in folder.parent.glob(f".{folder.name}.*.tmp"):  # by a process that was killed: nobody else is at it now
        shutil.rmtree(left, ignore_errors=True)
    try:
        workspace = Workspace(make_folder(fresh))
        for name in FOLDERS:
            make_folder(fresh / name)
        for symbol in pack.about.symbols:
            _unpack_symbol(pack, workspace, symbol.folder)
        if MEANINGS in pack.names():
            pack.save(MEANINGS, fresh / OWN_FILE)
        _check_words(pack, workspace)
        with replacing(fresh / _ORIGINAL) as copy, open(pack.path, "rb") as original:
            shutil.copyfileobj(original, copy)
        replace_file(fresh / MANIFEST, pack.manifest)
        _write_opened(fresh, pack.path)
        os.replace(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _check_words(pack: PackFile, workspace: Workspace) -> None:
    """The settings and the meanings have to be readable before anything opens on them."""
    replace_file(workspace.root / _SETTINGS, _toml(pack.about).encode())
    try:
        workspace.settings  # noqa: B018
        load_meanings(workspace.root)
    except ConsoleError as error:
        raise pack.refusal(f"its settings or meanings can't be read ({error.what})") from error


def _toml(about: About) -> str:
    """The settings of a pack's workspace: whose it is, and no streams: nothing is sent from here."""
    lines = ["# A pack: only Reports work here. What you do in them goes home with the file.", "",
             "[institution]", f"name = {as_toml(about.institution)}", "", "[exchange]", f"host = {as_toml(about.host)}"]
    for symbol in about.symbols:
        lines += ["", f"[symbols.{as_toml(symbol.code)}]", f"name = {as_toml(symbol.name)}", 'disposition = "target"',
                  f"libraries = [{as_toml(about.library)}]" if about.library else "libraries = []"]
    return "\n".join(lines) + "\n"


def _unpack_symbol(pack: PackFile, workspace: Workspace, symbol: str) -> None:
    workspace.at("rejections", symbol)
    path = gathered_path(workspace, symbol)
    pack.save(part_of(symbol, GATHERED), path)
    found = load_foreign(path, symbol)
    if isinstance(found, str):
        raise pack.refusal(f"what OCLC said is damaged in it: {found}")
    if not found.about.get("fixed"):
        raise pack.refusal("what OCLC said is not meant to travel")
    names = {report["name"] for report in found.about["reports"]}
    _unpack_exceptions(pack, workspace, symbol, names)
    sent = make_folder(packed_folder(workspace, symbol))
    pack.save(part_of(symbol, SENT), sent / SENT)
    _check_places(pack, symbol, (sent / SENT).stat().st_size)
    pack.save(part_of(symbol, PLACES), sent / PLACES)
    put_as_they_are(Reviews(workspace, symbol), work_in(pack, symbol))


def _unpack_exceptions(pack: PackFile, workspace: Workspace, symbol: str, names: set[str]) -> None:
    """OCLC's lines, report by report, as rejections.py writes them."""
    with ExitStack() as stack:
        written, last = set[str](), ""
        handle, count = None, 0
        for line in pack.lines(part_of(symbol, EXCEPTIONS)):
            name, document = line.get("report"), line.get("document")
            if not isinstance(name, str) or name not in names or not _is_file_name(name) or not isinstance(document, dict):
                raise pack.refusal(f"it tells lines of a report {name!r} that has no place in it")
            if name != last:
                if handle is not None:
                    handle.write(TAIL)
                stack.close()
                if name in written:
                    raise pack.refusal(f"the lines of {name} are not together")
                written.add(name)
                handle, count, last = stack.enter_context(pack.at_hand(exceptions_path(workspace, symbol, name))), 0, name
                handle.write(HEAD)
            count += 1
            assert handle is not None
            handle.write(b'%b\n"%d":%b' % (b"," if count > 1 else b"", count, orjson.dumps(document)))
        if handle is not None:
            handle.write(TAIL)


def _is_file_name(name: str) -> bool:
    return is_plain_name(name) and not _ON_WINDOWS_TOO & set(name) and not name.endswith(".")


def _check_places(pack: PackFile, symbol: str, size: int) -> None:
    for line in pack.lines(part_of(symbol, PLACES)):
        try:
            place = Place(**line)
        except TypeError:
            raise pack.refusal("where its records stand can't be told") from None
        sound = all(isinstance(text, str) for text in (place.upload, place.lsn, place.mms))
        sound = sound and all(type(number) is int for number in (place.offset, place.length, place.end or 0))
        sound = sound and 0 <= place.offset <= place.offset + place.length <= size
        if not sound:
            raise pack.refusal("where its records stand can't be told")


def work_in(pack: PackFile, symbol: str) -> Histories:
    """What people did, as a pack holds it, by key. Raises InputError."""
    try:
        return histories_of(pack.lines(part_of(symbol, REVIEWS)))
    except ValueError as error:
        raise pack.refusal(f"what people did is damaged in it: {error}") from error


# the file and the folder


def _opened(folder: Path) -> dict[str, Any]:
    try:
        told = orjson.loads((folder / _OPENED).read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return {}
    return told if isinstance(told, dict) else {}


def _write_opened(folder: Path, file: Path) -> None:
    """Remembers which file this folder belongs to and what it held."""
    replace_file(folder / _OPENED, orjson.dumps({"file": file.name, "sha256": sha256_of(file)}))


def _take_in(pack: PackFile, folder: Path) -> None:
    """Takes in what was done in the file since; see open_pack."""
    workspace = Workspace(folder)
    news: dict[str, Histories] = {}
    ahead = False
    for symbol in pack.about.symbols:
        here, there = of_reviews(Reviews(workspace, symbol.folder)), work_in(pack, symbol.folder)
        news[symbol.folder] = {key: entries for key, entries in there.items() if _acts(entries) - _acts(here.get(key, ()))}
        ahead = ahead or any(_acts(entries) - _acts(there.get(key, ())) for key, entries in here.items())
    if ahead and any(news.values()):
        raise CallError("somebody worked in this file elsewhere, and there is work in the folder that the file lacks",
                        where=str(folder), then="Open the file from another folder, and merge both at home: the file, and this "
                                                "folder.")
    for symbol_folder, histories in news.items():
        if histories:
            put_as_they_are(Reviews(workspace, symbol_folder), histories)
    _write_opened(folder, pack.path)


def _acts(entries: tuple[Any, ...]) -> set[str]:
    return {entry.act for entry in entries}


def put_back(workspace: Workspace, to: Path | None = None) -> PutBack:
    """Writes the pack anew with the work that was done in this workspace: into the file it came from, or `to` another. A file
    that somebody changed since is left alone, and `why` says so. Raises InputError and HereError."""
    folder, opened = workspace.root, _opened(workspace.root)
    target = to or folder.parent / str(opened.get("file") or f"{folder.name}.pack")
    with locked(target.with_name(f".{target.name}.lock"), doing="putting work into a pack", wait_seconds=120):
        if to is None and target.is_file():
            stands, why = _compared(target, workspace)
            if stands != "older":
                return PutBack(target, False, why)
        with PackFile(folder / _ORIGINAL) as original:
            write_pack(target, original.about, _parts_with_work(original, workspace))
        if to is None:
            _write_opened(folder, target)
    return PutBack(target, True)


def _compared(target: Path, workspace: Workspace) -> tuple[Literal["same", "older", "other"], str]:
    """How the file stands to the work in the folder; and why it can't take it, where it is another file than it was."""
    about, same = pack_of(workspace), True
    try:
        with PackFile(target) as pack:
            if about is None or pack.about.id != about.id:
                return "other", f"{target.name} is another pack now: your work is in {workspace.root}"
            for symbol in about.symbols:
                here, there = of_reviews(Reviews(workspace, symbol.folder)), work_in(pack, symbol.folder)
                if any(_acts(entries) - _acts(here.get(key, ())) for key, entries in there.items()):
                    return "other", f"somebody else worked in {target.name} since: your work is in {workspace.root}"
                same = same and here == there
    except InputError as error:
        return "other", f"{target.name} can't be read any more ({error.what}): your work is in {workspace.root}"
    return ("same" if same else "older"), ""


def _parts_with_work(original: PackFile, workspace: Workspace) -> Iterator[tuple[str, Iterator[bytes]]]:
    for name in original.names():
        symbol, _, part = name.partition("/")
        if part == REVIEWS:
            yield name, as_lines(review_lines(list(Reviews(workspace, symbol).all())))
        else:
            yield name, original.blocks(name)
