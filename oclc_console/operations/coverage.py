"""A question: where did every record of a symbol's set go? In set, then each exclusion, what was set aside and why, each
stream, what no stream wants, what two want: as the prepare runs counted it, with the rule behind each number in words. A run
that was refused at its gate is answered too. Not for the single records (coverage_ids.py), nor for what OCLC made of those
that were sent (account.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from oclc_console import clock
from oclc_console.errors import CallError
from oclc_console.operations.coverage_parts import Counts, Kind, Part, PartRules
from oclc_console.operations.publish import STAGING
from oclc_console.settings import Symbol
from oclc_console.store.events import Counted, SetAside, SourceRead, Staged
from oclc_console.store.ledger import asking, ledger_files
from oclc_console.store.runs import RunState, list_runs
from oclc_console.workspace import Workspace


@dataclass(frozen=True)
class SetCoverage:
    """Where `in_set` records went; `set_count` is Alma's own count of them, where it was stated for all."""

    in_set: int
    set_count: int | None
    parts: tuple[Part, ...]

    def of(self, kind: Kind) -> int:
        """The records of all parts of a kind."""
        return sum(part.records for part in self.parts if part.kind == kind)

    @property
    def routed(self) -> int:
        """The records that go to a stream, doubles among them."""
        return self.of("stream") + self.of("routed")

    @property
    def balanced(self) -> bool:
        """The first identity: in set = excluded + quarantined + unrouted + routed."""
        return self.in_set == self.of("excluded") + self.of("quarantined") + self.of("unrouted") + self.routed

    @property
    def identity(self) -> str:
        """The first identity with its numbers, in words; it says so when it does not hold."""
        words = (f"in set {self.in_set:,} = excluded {self.of('excluded'):,} + quarantined {self.of('quarantined'):,} + "
                 f"unrouted {self.of('unrouted'):,} + routed {self.routed:,} (double {self.of('double'):,})")
        return words if self.balanced else f"✖ this does not add up: {words}"

    @property
    def comparison(self) -> str:
        """What Alma's own count says, in words."""
        if self.set_count is None:
            return "Alma's count not stated"
        apart = self.set_count - self.in_set
        if not apart:
            return f"Alma counted {self.set_count:,}: the same"
        return f"! Alma counted {self.set_count:,}: {abs(apart):,} {'missing here' if apart > 0 else 'more here'}"


@dataclass(frozen=True)
class RunCoverage(SetCoverage):
    """One prepare run's share: of the sources that no later run prepared again (`replaced` are the others). `at` is when it
    counted; `ledger` is None when the run kept none, so that there are numbers but no ids."""

    run: str
    state: str
    at: str
    by: str
    sources: tuple[str, ...]
    replaced: tuple[str, ...]
    ledger: Path | None
    accepted: str | None

    @property
    def stands_refused(self) -> bool:
        """Whether the run stopped at its gate, for records that are unrouted or double."""
        return self.state == "refused" and bool(self.of("unrouted") + self.of("double"))


@dataclass(frozen=True)
class Coverage:
    """A symbol's coverage at one moment. `left` are runs that were refused before the newest one and whose files were not
    prepared since: they are in no number."""

    symbol: str
    name: str
    sender: str
    as_of: str
    total: SetCoverage
    runs: tuple[RunCoverage, ...]
    left: tuple[str, ...]

    @property
    def refused(self) -> RunCoverage | None:
        """The run that stands refused, if the newest one does."""
        return next((run for run in reversed(self.runs) if run.stands_refused), None)

    def to_json(self) -> dict[str, Any]:
        """As `coverage --json` prints it."""
        runs = [{"run": run.run, "state": run.state, "at": run.at, "by": run.by, "sources": list(run.sources),
                 "replaced": list(run.replaced), "ids": run.ledger is not None,
                 "accepted": run.accepted, **_numbers(run)} for run in self.runs]
        return {"symbol": self.symbol, "sender": self.sender, "as_of": self.as_of, **_numbers(self.total), "runs": runs,
                "left": list(self.left)}


def _numbers(counted: SetCoverage) -> dict[str, Any]:
    def by_name(kind: Kind) -> dict[str, int]:
        return {part.name: part.records for part in counted.parts if part.kind == kind and part.name}

    parts = [{"part": part.word, **{key: value for key, value in asdict(part).items() if key != "word"}}
             for part in counted.parts]
    return {"in_set": counted.in_set, "set_count": counted.set_count, "excluded": by_name("excluded"),
            "quarantined": counted.of("quarantined"), "findings": by_name("quarantined"), "streams": by_name("stream"),
            "routed": counted.routed, "unrouted": counted.of("unrouted"), "double": counted.of("double"),
            "balanced": counted.balanced, "parts": parts}


def coverage(workspace: Workspace, symbol_code: str, run: str | None = None) -> Coverage:
    """Where the records of a symbol's set went: as the runs counted them that count for the set (prepared.py), the newest
    one also when it was refused; or as one named run did. Raises CallError for a run that is none, or that counted nothing."""
    settings = workspace.settings
    symbol = settings.symbol(symbol_code)
    runs = list_runs(workspace, "prepare", symbol.code)
    shares, left = ([_named(runs, run, symbol)], ()) if run else _that_count(runs)
    told = PartRules(settings, symbol)
    counts = _ledger_counts(workspace, symbol, shares)
    covered = tuple(_run_coverage(share, counts.get(share.state.name), told) for share in shares)
    return Coverage(symbol.code, symbol.name, told.sender.code, clock.iso(clock.now()), _total(covered, told), covered, left)


# which runs


@dataclass(frozen=True)
class _Share:
    """What counts of one run: the sources that are its own still, and those that a later run prepared again."""

    state: RunState
    sources: tuple[SourceRead, ...]
    replaced: tuple[SourceRead, ...] = ()

    @property
    def counted(self) -> Counted | None:
        return next((each.event for each in self.state.events if isinstance(each.event, Counted)), None)

    @property
    def at(self) -> str:
        return next((each.at for each in self.state.events if isinstance(each.event, Counted)), self.state.at)


def _sources(state: RunState) -> tuple[SourceRead, ...]:
    return tuple(each.event for each in state.events if isinstance(each.event, SourceRead))


def _named(runs: Sequence[RunState], name: str, symbol: Symbol) -> _Share:
    state = next((state for state in runs if state.name == name), None)
    if state is None:
        known = ", ".join(state.name for state in runs[-3:]) or "none yet"
        raise CallError(f"{symbol.code} has no prepare run {name}", where="--run", then=f"The newest are: {known}.")
    if _Share(state, ()).counted is None:
        raise CallError(f"{name} is {state.state} and has counted nothing", where="--run",
                        then="Name a run that read its files to the end, or prepare them again.")
    return _Share(state, _sources(state))


def _that_count(runs: Sequence[RunState]) -> tuple[list[_Share], tuple[str, ...]]:
    """The runs that count, oldest first, and the names of those left: every source as the newest run counted it that put it
    into the outbox, or that is the newest of all and was refused."""
    published, refused = [], []
    for state in runs:
        if _Share(state, ()).counted is None:
            continue
        if any(isinstance(each.event, Staged) for each in state.events):
            published.append(state)
        elif state.state == "refused":
            refused.append(state)
    newest_is_refused = bool(refused) and (not published or refused[-1].name > published[-1].name)
    counting = [*published, refused[-1]] if newest_is_refused else published
    owner = {source.sha256: state.name for state in counting for source in _sources(state)}
    shares = []
    for state in counting:
        mine = tuple(source for source in _sources(state) if owner[source.sha256] == state.name)
        if mine:
            shares.append(_Share(state, mine, tuple(source for source in _sources(state) if source not in mine)))
    left = tuple(state.name for state in refused if any(source.sha256 not in owner for source in _sources(state)))
    return shares, left


# the numbers


def ledger_of(workspace: Workspace, symbol: str, run: RunState) -> Path | None:
    """A run's ledger: among the symbol's when it was published, in its own folder when it was refused (or when it was
    interrupted while it was being published)."""
    published = ledger_files(workspace, symbol, [run.name])
    for path in (*published, run.path / "ledger.parquet", run.path / STAGING / "ledger.parquet"):
        if path.is_file():
            return path
    return None


def _ledger_counts(workspace: Workspace, symbol: Symbol, shares: Sequence[_Share]) -> dict[str, tuple[Path, Counts]]:
    """For each run that kept a ledger: where it is, and what it counts of the run's share."""
    paths = {share.state.name: ledger_of(workspace, symbol.code, share.state) for share in shares}
    if not any(paths.values()):
        return {}
    found: dict[str, tuple[Path, Counts]] = {}
    with asking() as database:
        for share in shares:
            if path := paths[share.state.name]:
                rows = database.execute(
                    """SELECT fate, stream, count(*) FROM read_parquet(?) WHERE list_contains(?, source) GROUP BY ALL""",
                    [str(path), [source.file for source in share.sources]]).fetchall()
                found[share.state.name] = (path, {(fate, stream): count for fate, stream, count in rows})
    return found


def _run_coverage(share: _Share, kept: tuple[Path, Counts] | None, told: PartRules) -> RunCoverage:
    counts = kept[1] if kept else _event_counts(share)
    stated = share.counted.set_count if share.counted and not share.replaced else None
    findings = {event.rule: event for each in reversed(share.state.events) if isinstance(event := each.event, SetAside)}
    return RunCoverage(
        sum(source.counts["in_set"] for source in share.sources), stated, told.parts(counts, findings), share.state.name,
        share.state.state, share.at, share.state.by, tuple(source.file for source in share.sources),
        tuple(source.file for source in share.replaced), kept[0] if kept else None, share.state.asked.get("accept_unrouted"))


def _event_counts(share: _Share) -> Counts:
    """The same counts from the run's events, for a run that kept no ledger: the streams are known where all of its sources
    still count and its files were complete."""
    counts: Counter[tuple[str, str | None]] = Counter()
    for source in share.sources:
        counts.update({(f"excluded:{rule}", None): n for rule, n in source.counts["excluded"].items()})
        counts["unrouted", None] += source.counts["unrouted"]
        counts["double", None] += source.counts["double"]
        counts["routed", None] += source.counts["routed"]
    names = {source.file for source in share.sources}
    for each in share.state.events:
        if isinstance(each.event, SetAside) and each.event.file in names:
            counts[f"quarantined:{each.event.rule}", None] += each.event.records
        elif isinstance(each.event, Staged) and not share.replaced:
            counts["routed", None] = 0
            for file in each.event.files:
                counts["stream", file["stream"]] += file["records"]
    return counts


def _total(runs: Sequence[RunCoverage], told: PartRules) -> SetCoverage:
    """The runs added up; Alma's count where every run stated one."""
    merged: dict[str, Part] = {}
    for part in (part for run in runs for part in run.parts):
        before = merged.get(part.word)
        merged[part.word] = Part(part.word, part.kind, part.name, part.records + (before.records if before else 0),
                                 before.rule if before and before.records else part.rule)
    stated = [run.set_count for run in runs if run.set_count is not None]
    whole = sum(stated) if stated and len(stated) == len(runs) else None
    words = sorted(merged, key=lambda word: told.place(merged[word]))
    found = any(part.kind == "quarantined" and part.name for part in merged.values())
    parts = (merged[word] for word in words if not (word == "quarantined" and found))
    return SetCoverage(sum(run.in_set for run in runs), whole, tuple(parts))
