"""The folder everything lives in, and who is acting. Knows where each kind of file goes; reads and writes none of them
but console.toml and workspace.json, which says in which version the others are. Not for opening databases or following runs,
nor for bringing an older version up to date (operations/migration.py)."""

from __future__ import annotations

import getpass
import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from oclc_console import __version__
from oclc_console.errors import CallError, SettingsError
from oclc_console.files import make_folder, replace_file, shown_name
from oclc_console.oclc.names import escape_symbol

if TYPE_CHECKING:
    from oclc_console.settings import Settings

PACK = "pack.json"  # stands in a workspace that was unpacked from a pack
VARIABLE = "OCLC_CONSOLE_WORKSPACE"
VERSION = 2  # of the files in a workspace; another one than this needs a step in operations/migration.py
VERSION_FILE = "workspace.json"
FOLDERS = ("inbox", "runs", "outbox", "quarantine", "reports", "records", "ledger", "rejections", "writeback")


def folder_name(symbol: str) -> str:
    """A symbol as a folder: `@ $ #` escaped as OCLC escapes them in account and file names."""
    return escape_symbol(symbol.upper())


def login() -> str:
    """The operating-system login of whoever runs this process; `uid12345` where that number has no name (a container)."""
    try:
        return shown_name(getpass.getuser())
    except (KeyError, OSError, ImportError):
        return f"uid{os.getuid()}" if hasattr(os, "getuid") else "unknown"


def as_toml(text: str) -> str:
    """Text as a string in console.toml, quotes included, whatever is in it; it can stand as a value and as a key."""
    return json.dumps(shown_name(text), ensure_ascii=False).replace("\x7f", "\\u007f")


@dataclass(frozen=True)
class Workspace:
    """A workspace. `acting_as` is set only by --as, in a rehearsal."""

    root: Path
    acting_as: str | None = None

    @cached_property
    def settings(self) -> Settings:
        """What console.toml said when this workspace was opened. Raises SettingsError."""
        from oclc_console.settings_file import load_settings  # brings pydantic: the first screen does not wait for it

        return load_settings(self.root / "console.toml")

    @property
    def actor(self) -> str:
        """The login of the person who acts: every event and every log line carries it."""
        return self.acting_as or login()

    def at(self, kind: str, symbol: str | None = None) -> Path:
        """The folder for one kind of file, and for one symbol in it; made when it isn't there."""
        folder = self.root / kind
        return make_folder(folder / folder_name(symbol) if symbol else folder)

    @property
    def is_pack(self) -> bool:
        """Whether it was unpacked from a pack: then only its rejections can be worked on."""
        return (self.root / PACK).is_file()

    @property
    def runs(self) -> Path:
        """Where the runs are."""
        return self.root / "runs"

    @property
    def log(self) -> Path:
        """The log of everything a person did."""
        return self.root / "log.jsonl"

    @property
    def project(self) -> Path:
        """The TinyDB fold of the log."""
        return self.root / "project.json"

    @property
    def known_hosts(self) -> Path:
        """The pinned host keys, in OpenSSH's form."""
        return self.root / "known_hosts"

    @property
    def rehearsal(self) -> Path:
        """Where the rehearsal keeps its OCLC, when this workspace has one."""
        return self.root / "rehearsal"


def find_workspace(given: str | None, acting_as: str | None = None) -> Workspace:
    """The workspace named on the command line, else by $OCLC_CONSOLE_WORKSPACE, else the current folder. Raises
    SettingsError where there is none."""
    root = Path(given or os.environ.get(VARIABLE) or ".").absolute()
    require_known_version(root)
    if not (root / "console.toml").is_file():
        raise SettingsError("there is no workspace here (no console.toml)", where=str(root),
                            then="Name one with --workspace DIR, make one with: oclc-console init DIR, "
                                 "or try: oclc-console demo")
    workspace = Workspace(root, acting_as)
    if acting_as and not workspace.settings.exchange.is_rehearsal:
        raise CallError("--as works only in a rehearsal", where="--as",
                        then="In a real workspace everybody acts under their own login.")
    return workspace


def make_workspace(root: Path, console_toml: str) -> Workspace:
    """A new workspace with this console.toml, which is written last. Raises CallError when there is one already, and
    SettingsError, before anything is made, when these settings have a mistake."""
    from oclc_console.settings_file import settings_of

    target = root / "console.toml"
    if target.exists():
        raise CallError("there is a workspace here already", where=str(root), then="Open it, or choose another folder.")
    settings = settings_of(console_toml, target)
    workspace = Workspace(root.absolute())
    make_folder(root)
    for folder in FOLDERS:
        make_folder(root / folder)
    for symbol in settings.symbols:
        workspace.at("inbox", symbol)
    write_version(root, VERSION)
    replace_file(target, console_toml.encode())
    return workspace


def version_of(root: Path) -> int:
    """The version a workspace's files are in: 1 where nothing says so. Raises SettingsError when workspace.json can't be
    read."""
    path = root / VERSION_FILE
    try:
        version = json.loads(path.read_bytes())["version"]
    except FileNotFoundError:
        return 1
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SettingsError("it does not say which version this workspace is of", where=str(path),
                            then="Put it back from a backup, or write into it: {\"version\": 1}") from error
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise SettingsError(f"{version!r} is no version of a workspace", where=str(path),
                            then="Put it back from a backup, or write into it: {\"version\": 1}")
    return version


def require_known_version(root: Path) -> int:
    """The version of a workspace that this program knows. Raises SettingsError for a newer one: nothing of it is read or
    written, because what this program does not know it could spoil."""
    version = version_of(root)
    if version > VERSION:
        raise SettingsError(f"this workspace is of version {version}, made by a newer oclc-console; this one ({__version__}) "
                            f"knows versions up to {VERSION} and has touched nothing", where=str(root),
                            then="Use the newer one: pip install --upgrade oclc-console. A folder backup-... beside "
                                 "console.toml holds what the newer one changed.")
    return version


def write_version(root: Path, version: int, **told: str) -> None:
    """Says which version the files are in, and what is told beside it."""
    replace_file(root / VERSION_FILE, json.dumps({"version": version, **told}, indent=2).encode() + b"\n")
