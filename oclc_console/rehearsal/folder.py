"""The folder a rehearsal lives in: its settings (rehearsal.json), its two key pairs, and OCLC's directory tree for each
account. Not the server (server.py) and not how it is started (starting.py).

    rehearsal.json  labels.jsonl  state.json  queue.jsonl     settings, what was broken, WorldCat's memory, files taken
    mishaps.jsonl                                             what went wrong on purpose (mishaps.py)
    client_key  client_key.pub  host_key                      OpenSSH form; the private ones readable by their owner only
    accounts/fx_zmd/xfer/metacoll/{in/bib,in/lhr,reports,out/ongoing/...}    what a client sees as its root
    taken/fx_zmd/                                             uploads, as they arrived
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from oclc_console import files
from oclc_console.errors import CallError, InputError
from oclc_console.rehearsal.mishaps import MISHAPS

SETTINGS = "rehearsal.json"
IN_BIB = Path("xfer/metacoll/in/bib")
REPORTS = Path("xfer/metacoll/reports")
_TREE = (IN_BIB, Path("xfer/metacoll/in/lhr"), REPORTS, *(Path("xfer/metacoll/out/ongoing") / kind
                                                          for kind in ("new", "updates", "deletes")))
_ESCAPED = {"@": "_64", "$": "_36", "#": "_35"}  # OCLC's account and file names can't hold these characters


def in_names(symbol: str) -> str:
    """A symbol as it stands in OCLC's names."""
    return "".join(_ESCAPED.get(letter, letter) for letter in symbol)


@dataclass(frozen=True)
class Account:
    """A symbol's account at the stand-in OCLC. `collections` are its registered ids, the first being the default under which
    a file with a missing or wrong id silently runs. `name` is for a login other than `fx_<symbol>`; `lsn` and `ocn` say
    where the two numbers stand in its records, as agreed with OCLC when a collection is set up."""

    symbol: str
    collections: tuple[str, ...]
    name: str = ""
    lsn: tuple[str, ...] = ("852$8", "001")
    ocn: tuple[str, ...] = ("079$a", "035$a")

    @property
    def login(self) -> str:
        """`fx_` and the symbol in small letters."""
        return self.name or "fx_" + in_names(self.symbol).lower()

    def collection_of(self, name: str) -> str:
        """The collection a file of this name runs under."""
        head = name[:7]
        return head if head in self.collections and name[7:8] == "." else self.collections[0]


@dataclass(frozen=True)
class Behaviour:
    """How the stand-in OCLC behaves. `torn`: what becomes of an upload whose link died before it was closed (`keep`: it
    stays listed as it is; `take`: it is taken as it is). `rerun`: patterns of names that OCLC works through twice.
    `cross_reports`: it writes the two cross reference reports as well. `fault`: a mishap (mishaps.py) that happens
    `fault_times` times (in all; 0: as often as it can), `fault_bytes` into a file where that matters; `fault_seconds` is
    how late a late report is. Changing the host key takes a new start of the server."""

    turn_around_seconds: float = 1.0
    torn: str = "keep"
    rerun: tuple[str, ...] = ()
    refuse_login: bool = False
    cross_reports: bool = False
    login_seconds: float = 20.0
    fault: str = ""
    fault_bytes: int = 4096
    fault_times: int = 1
    fault_seconds: float = 600.0


@dataclass(frozen=True)
class Rehearsal:
    """A rehearsal's folder and its settings."""

    folder: Path
    seed: int
    accounts: tuple[Account, ...]
    behaviour: Behaviour = field(default_factory=Behaviour)

    @property
    def client_key(self) -> Path:
        """The private key every account accepts."""
        return self.folder / "client_key"

    @property
    def host_key(self) -> Path:
        """The server's private key."""
        return self.folder / "host_key"

    def root(self, login: str) -> Path:
        """What the client of an account sees as `/`."""
        return self.folder / "accounts" / login

    def account(self, login: str) -> Account | None:
        """The account of a login."""
        return next((account for account in self.accounts if account.login == login), None)


def prepare_rehearsal(folder: Path, *, accounts: Iterable[Account], seed: int, turn_around_seconds: float = 1.0,
                      torn: str = "keep", rerun: Iterable[str] = (), refuse_login: bool = False,
                      cross_reports: bool = False, fault: str = "", fault_bytes: int = 4096, fault_times: int = 1,
                      fault_seconds: float = 600.0) -> Rehearsal:
    """Makes a rehearsal in `folder`, or gives an existing one new settings: keys, uploads, reports and WorldCat's memory
    stay, the accounts and behaviour are those given now (a running server reads them at the next login or file). Raises
    CallError for an account without a collection, an unknown `torn` or an unknown `fault`."""
    behaviour = Behaviour(turn_around_seconds, torn, tuple(rerun), refuse_login, cross_reports, fault=fault,
                          fault_bytes=fault_bytes, fault_times=fault_times, fault_seconds=fault_seconds)
    rehearsal = Rehearsal(folder, seed, tuple(accounts), behaviour)
    if torn not in ("keep", "take"):
        raise CallError(f"{torn!r} is nothing to do with a torn upload", then="Say keep or take.")
    if fault and fault not in MISHAPS:
        raise CallError(f"{fault!r} is no mishap of the rehearsal", then=f"It can be one of {', '.join(MISHAPS)}.")
    if empty := [account.symbol for account in rehearsal.accounts if not account.collections]:
        raise CallError(f"{empty[0]} has no collection", where=str(folder), then="Name at least one seven-digit collection id.")
    files.make_folder(folder)
    for account in rehearsal.accounts:
        for branch in _TREE:
            files.make_folder(rehearsal.root(account.login) / branch)
    for key in (rehearsal.client_key, rehearsal.host_key):
        if not key.exists():
            _make_key(key)
    content = {"seed": seed, "accounts": rehearsal.accounts, "behaviour": behaviour}
    files.replace_file(folder / SETTINGS, orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
    return rehearsal


def load(folder: Path) -> Rehearsal:
    """The rehearsal in a folder. Raises InputError when there is none, or its settings can't be read."""
    path = folder / SETTINGS
    try:
        kept = orjson.loads(path.read_bytes())
        accounts = tuple(
            Account(a["symbol"], tuple(a["collections"]), a["name"], tuple(a["lsn"]), tuple(a["ocn"])) for a in kept["accounts"]
        )
        behaviour = Behaviour(**{**kept["behaviour"], "rerun": tuple(kept["behaviour"]["rerun"])})
        return Rehearsal(folder, int(kept["seed"]), accounts, behaviour)
    except FileNotFoundError:
        raise InputError("there is no rehearsal here", where=str(folder), then="Make one first: oclc-console demo.") from None
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"the rehearsal's settings can't be read ({error})", where=str(path),
                         then="Delete this file and start the rehearsal again; nothing else is lost.") from None


def _make_key(path: Path) -> None:
    """An ed25519 key pair in OpenSSH form; nobody but the owner ever can read the private half."""
    import asyncssh  # slow to load, and needed only once

    key = asyncssh.generate_private_key("ssh-ed25519", comment="oclc-console rehearsal")
    files.replace_file(path.with_suffix(".pub"), key.export_public_key("openssh"))
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as stream:
        stream.write(key.export_private_key("openssh"))
        stream.flush()
        os.fsync(stream.fileno())
    files.move_into_place(temporary, path)
