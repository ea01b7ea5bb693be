"""A question: what is known of a symbol, for a gate to look at? What runs, outbox, ledger, reports and rejections show is
computed, each thing with when it was so and where that comes from; the rest is what people entered. What nobody knows is
None, never 0: a symbol of which nothing went through this console shows what was entered of it. Not for judging
(project/conditions.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from oclc_console import clock
from oclc_console.operations.collection_facts import collection_facts
from oclc_console.operations.load_dates import Load, load_of_files
from oclc_console.operations.outbox import SETTLED, OutboxFile, read_outbox
from oclc_console.operations.set_facts import file_facts, set_facts
from oclc_console.operations.told_facts import report_facts, work_facts
from oclc_console.project.acts import Act
from oclc_console.project.evidence import CATALOGUE, Known, entered, source_words, together
from oclc_console.project.signatures import SIGNED, fold_gate
from oclc_console.settings import Symbol
from oclc_console.store.project import Project, project
from oclc_console.store.report_rows import ReportInfo, list_reports
from oclc_console.workspace import Workspace

Facts = Mapping[str, Known]
UPLOAD, SCAN_DELETE = "upload", "scan-delete"


@dataclass(frozen=True)
class World:
    """What all symbols' facts are computed from, each read once, when it is first needed."""

    workspace: Workspace
    as_of: str

    @cached_property
    def project(self) -> Project:
        """What people did."""
        return project(self.workspace)

    @cached_property
    def outboxes(self) -> Mapping[str, tuple[OutboxFile, ...]]:
        """Every symbol's files."""
        return {code: read_outbox(self.workspace, code) for code in self.workspace.settings.symbols}

    @cached_property
    def gone(self) -> frozenset[str]:
        """The digests of all files that went out, or may have."""
        return frozenset(file.sha256 for files in self.outboxes.values() for file in files if file.state in SETTLED)

    @cached_property
    def reports(self) -> Sequence[ReportInfo]:
        """Every report that is here."""
        return list_reports(self.workspace)


def world(workspace: Workspace) -> World:
    """The workspace as it is now. Of several symbols' facts, ask with one world: it reads everything once."""
    return World(workspace, clock.iso(clock.now()))


def facts_of(workspace: Workspace, symbol_code: str, gate: str = "", subject: str = "", seen: World | None = None) -> Facts:
    """What is known of a symbol, or with `subject` of that and of one of its collections or lists. The gate `upload` is about
    the files that would go out, every other about all that was prepared. Raises SettingsError for an unknown symbol."""
    seen = seen or world(workspace)
    symbol = workspace.settings.symbol(symbol_code)
    acts = seen.project.of(symbol.code)
    said = {**entered(acts), **(entered(acts, subject) if subject else {})}
    computed = _computed(seen, symbol, gate, subject)
    if gate == UPLOAD and computed:  # what people said of an earlier export is not about the files that wait
        said = {key: known for key, known in said.items() if not CATALOGUE[key].computed}
    if gate != UPLOAD:
        computed |= _merged_in(seen, symbol)
        computed |= _successor(seen, symbol)
    return together(computed, said)


def _computed(seen: World, symbol: Symbol, gate: str, subject: str) -> dict[str, Known]:
    """What the console itself can tell of the symbol's own files."""
    workspace, files = seen.workspace, seen.outboxes[symbol.code]
    known: dict[str, Known] = {}
    known |= set_facts(workspace, symbol, files, waiting_only=gate == UPLOAD)
    known |= file_facts(workspace, symbol, files, seen.gone, seen.as_of)
    if gate != UPLOAD:
        known |= report_facts(workspace, symbol, files, seen.reports, seen.as_of)
        known |= work_facts(workspace, symbol, files, seen.reports, seen.as_of)
    if subject:
        known |= collection_facts(workspace.settings, symbol, subject, seen.as_of)
    return known


# what was merged into a symbol


@dataclass(frozen=True)
class StandingLoad:
    """What is known of another symbol's load under this one: the day that counts for the oldest of its holdings, how many
    holdings it has, and where that comes from. `day` is None where it is not known; `holdings` 0 where nothing was loaded."""

    origin: str
    day: str | None
    holdings: int | None
    source: str
    load: Load | None = None

    @property
    def none(self) -> bool:
        """Whether it is known that nothing of it was loaded."""
        return self.holdings == 0


def standing_loads(seen: World, symbol: Symbol) -> tuple[StandingLoad, ...]:
    """Of each other symbol whose files go out under this one, what was loaded: by the files that went out, else by what people
    entered of that symbol (its records sent, and the day of that export)."""
    found = []
    for code, origin in seen.workspace.settings.symbols.items():
        files = [file for file in seen.outboxes[code] if file.sender == symbol.code]
        if code == symbol.code or (origin.successor != symbol.code and not files):
            continue
        if load := load_of_files(seen.workspace, code, symbol.code, files, seen.reports):
            found.append(StandingLoad(code, load.first, load.holdings, f"ledger of {code}", load))
        else:
            found.append(_load_as_entered(seen, code, files))
    return tuple(found)


def _load_as_entered(seen: World, code: str, files: Sequence[OutboxFile]) -> StandingLoad:
    """What people say was loaded; where they say nothing, files that wait are the first to be loaded."""
    said = entered(seen.project.of(code))
    sent, day = said.get("sent"), said.get("extraction_day")
    if sent is None or not isinstance(sent.value, int):
        if files:
            return StandingLoad(code, None, 0, f"outbox of {code}: nothing of it went out yet")
        return StandingLoad(code, None, None, f"nobody knows what was loaded of {code}: enter its records sent (0 for none)")
    words = f"{code}: {source_words(sent)}"
    return StandingLoad(code, str(day.value) if day and day.value else None, sent.value, words)


def _merged_in(seen: World, symbol: Symbol) -> dict[str, Known]:
    """The cut-off trap: since when the holdings of other symbols stand under this one. While the day of one of these loads is
    not known, neither is the earliest."""
    loads = standing_loads(seen, symbol)
    there = [load for load in loads if not load.none]
    unknown = any(load.holdings is None for load in there)
    sources = "; ".join(load.source for load in loads) or "console.toml: it is the successor of no other symbol"
    known = {"other_loads": Known("other_loads", None if unknown else len(there), seen.as_of, sources)}
    first = min((load for load in there if load.day), key=lambda load: str(load.day), default=None)
    if there:
        undated = any(load.day is None and load.holdings for load in there)
        day = None if undated or first is None else first.day
        known["earliest_standing_load"] = Known("earliest_standing_load", day, seen.as_of, sources)
    if first is not None:
        for key, value in (("earliest_standing_load_of", first.origin), ("earliest_standing_load_holdings", first.holdings)):
            known[key] = Known(key, value, seen.as_of, first.source)
    if not unknown:
        everything = sum(load.holdings or 0 for load in there)
        known["other_loads_holdings"] = Known("other_loads_holdings", everything, seen.as_of, sources)
    return known


def _successor(seen: World, symbol: Symbol) -> dict[str, Known]:
    """What a retiring symbol's gate wants to know of its successor."""
    if symbol.successor is None:
        return {}
    other = seen.workspace.settings.symbols[symbol.successor]
    theirs = _computed(seen, other, "", "")
    both = together(theirs, entered(seen.project.of(other.code)))
    known = {}
    for mine, its in (("successor_files_prepared", "files_prepared"), ("successor_files_reported", "files_reported")):
        if its in both:
            known[mine] = replace(both[its], key=mine, source=f"{other.code}: {both[its].source}")
    if cut_offs := passed(seen.project.of(other.code), SCAN_DELETE):
        newest = max(cut_offs, key=lambda each: each.at)
        known["successor_scan_delete"] = Known("successor_scan_delete", newest.subject, newest.at, f"log: gate of {other.code}")
    return known


@dataclass(frozen=True)
class PassedGate:
    """A gate that two people have signed: for what, and the instant of the second signature."""

    subject: str
    at: str


def passed(acts: Iterable[Act], gate: str) -> tuple[PassedGate, ...]:
    """For which subjects a gate was passed, in the order in which they were first signed for."""
    every = list(acts)
    subjects = dict.fromkeys(str(act.get("subject")) for act in every if act["act"] == SIGNED and act.get("gate") == gate)
    found = ((subject, fold_gate(every, gate, subject).passed) for subject in subjects)
    return tuple(PassedGate(subject, signed.at) for subject, signed in found if signed is not None)
