"""Standing approvals of streams, for runs with nobody there: what stands, signing one, withdrawing one, and what an unattended
run asks before it sends anything. Every act is a line of the log. Not for the upload's gate (upload_gate.py), which comes on
top.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from oclc_console.errors import CallError, Refused
from oclc_console.operations.collection_facts import stream_fingerprint, stream_of
from oclc_console.operations.outbox import DUE, SETTLED, OutboxFile, read_outbox
from oclc_console.project.approvals import (
    LAPSED,
    SIGNED,
    WITHDRAWN,
    ApprovalState,
    Run,
    approval_data,
    approval_state,
    may_run,
)
from oclc_console.settings import Stream, Symbol
from oclc_console.store import log
from oclc_console.store.log_check import require_sound
from oclc_console.store.project import project
from oclc_console.workspace import Workspace


@dataclass(frozen=True)
class StreamApproval:
    """A stream, the symbol that sends it, how many of its records wait (None: none do), how its approval stands for the run
    that is next: full while nothing that was prepared before went out to the collection, incremental from then on.
    `suggested` is the number of records to sign for, as the newest run had them; None where nothing was ever prepared."""

    symbol: str
    stream: str
    collection: str
    waiting: int | None
    suggested: int | None
    state: ApprovalState

    def to_json(self) -> dict[str, Any]:
        """As `approve --json` prints it."""
        return {"symbol": self.symbol, "stream": self.stream, "collection": self.collection, "run": self.state.run,
                "waiting": self.waiting, "suggested": self.suggested, "stands": self.state.stands, "words": self.state.words,
                "then": self.state.then, "needed": self.state.needed,
                "signatures": [{"by": one.by, "at": one.at, "usual_count": one.usual_count} for one in self.state.signatures]}


def approvals(workspace: Workspace, symbol: str | None = None) -> tuple[StreamApproval, ...]:
    """Every stream that the console itself delivers, of every symbol or of one, with its approval."""
    senders = [workspace.settings.symbol(symbol)] if symbol else list(workspace.settings.symbols.values())
    return tuple(_approval(workspace, sender, stream, None) for sender in senders for stream in sender.streams
                 if stream.delivery == "console")


def approval_of(workspace: Workspace, stream: str, symbol: str | None = None, run: Run | None = None) -> StreamApproval:
    """The approval of one stream: a collection id, or with its symbol a stream's word or name. Raises CallError."""
    sender, found = _found(workspace, stream, symbol)
    return _approval(workspace, sender, found, run)


def approve(workspace: Workspace, stream: str, symbol: str | None = None, *, run: Run | None = None, usual: int | None = None,
            note: str = "") -> StreamApproval:
    """Signs the approval of a stream for its settings as they are, and for `usual` records a run: the number of whoever signed
    first, else as many as the newest run had. Raises Refused for a second signature by the same login, CallError where nobody
    knows what is usual."""
    with log.writing(workspace) as writer:
        require_sound(workspace)
        sender, found = _found(workspace, stream, symbol)
        now = _approval(workspace, sender, found, run)
        signed = now.state.signatures[-1].usual_count if now.state.signatures and not now.state.stands else None
        count = next((number for number in (usual, signed, now.suggested) if number is not None), None)
        if count is None:
            raise CallError(f"nobody knows how many records of {found.name} are usual in a run", where=found.collection,
                            then="Say it: --usual N.")
        settings_now = stream_fingerprint(workspace.settings, sender, found)
        writer.append(SIGNED, sender.code,
                      **approval_data(now.state, workspace.actor, found.name, settings_now, count, note))
    return approval_of(workspace, found.collection, run=now.state.run)


def withdraw_approval(workspace: Workspace, stream: str, reason: str, symbol: str | None = None,
                      run: Run | None = None) -> StreamApproval:
    """Takes the approval of a stream away: one person suffices. Raises CallError without a reason, or where there is none."""
    if not reason.strip():
        raise CallError("withdrawing needs a reason", where=stream, then="Say in a few words why; it stays in the log.")
    with log.writing(workspace) as writer:
        sender, found = _found(workspace, stream, symbol)
        now = _approval(workspace, sender, found, run)
        if now.state.last is None:
            raise CallError(f"nobody has approved {found.name} for {now.state.run} runs", where=found.collection,
                            then="There is nothing to withdraw.")
        writer.append(WITHDRAWN, sender.code, stream=found.name, collection=found.collection, run=now.state.run,
                      reason=reason.strip())
    return approval_of(workspace, found.collection, run=now.state.run)


def require_approved(workspace: Workspace, symbol: Symbol, due: Sequence[OutboxFile]) -> tuple[str, ...]:
    """For an unattended run: which approvals let these files go out, in words. Raises Refused when one is missing. An approval
    found to have lapsed is marked so in the log: it does not come back by itself."""
    sender = workspace.settings.sender(symbol)
    wanted = {file.collection for file in due}
    found = [_approval(workspace, sender, stream, None) for stream in sender.streams if stream.collection in wanted]
    known = {each.collection for each in found}
    missing = [f"collection {collection}: console.toml has no such stream" for collection in sorted(wanted - known)]
    for each in found:
        if not may_run(each.state):
            missing.append(f"{each.stream} ({each.collection}): {each.state.words}")
            _mark_lapsed(workspace, each)
    if missing:
        raise Refused(f"this run is unattended, and not every stream with files due stands approved: {'; '.join(missing)}. "
                      "Nothing was sent", where=symbol.code,
                      then="Approve them (oclc-console approve COLLECTION), or let a person send them (oclc-console upload "
                           f"{symbol.code})")
    return tuple(f"{each.stream} ({each.collection}): {each.state.words}" for each in found)


def _mark_lapsed(workspace: Workspace, each: StreamApproval) -> None:
    if each.state.last is not None and not each.state.signatures:
        log.append(workspace, LAPSED, each.symbol, stream=each.stream, collection=each.collection, run=each.state.run,
                   reason=each.state.words.removeprefix("lapsed: "))


def _approval(workspace: Workspace, sender: Symbol, stream: Stream, run: Run | None) -> StreamApproval:
    files = [file for file in _files(workspace, sender) if file.collection == stream.collection]
    due = [file.records for file in files if file.state in DUE]
    newest = max((file.run for file in files), default=None)
    suggested = sum(file.records for file in files if file.run == newest) if files else None
    first = min((file.run for file in files if file.state in DUE), default=None)
    gone = any(file.state in SETTLED and (first is None or file.run < first) for file in files)
    state = approval_state(project(workspace).of(sender.code), stream.collection, run or ("incremental" if gone else "full"),
                           stream_fingerprint(workspace.settings, sender, stream), sum(due) if due else None)
    return StreamApproval(sender.code, stream.name, stream.collection, sum(due) if due else None, suggested, state)


def _files(workspace: Workspace, sender: Symbol) -> Iterable[OutboxFile]:
    """The files that go out under a symbol: its own and those of the symbols it succeeds."""
    codes = [code for code, each in workspace.settings.symbols.items() if sender.code in (code, each.successor)]
    return [file for code in codes for file in read_outbox(workspace, code)]


def _found(workspace: Workspace, named: str, symbol: str | None) -> tuple[Symbol, Stream]:
    settings = workspace.settings
    if symbol is not None:
        sender = settings.sender(settings.symbol(symbol))
        return sender, stream_of(settings, sender, named)
    for sender in settings.symbols.values():
        for stream in sender.streams:
            if stream.collection == named:
                return sender, stream
    raise CallError(f"no stream has the collection id {named}", where=str(settings.path),
                    then="Name a collection id of console.toml, or a stream's name with --symbol SYMBOL.")
