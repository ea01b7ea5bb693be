"""What a step does, in numbers, shown to whoever signs for it: "removes 12,406 holdings; 384 of them unresolved". A number that
nobody knows is said to be unknown. Pure. Not for judging: a step can be allowed whatever its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oclc_console.project.conditions import Case, Facts
from oclc_console.project.evidence import Known


@dataclass(frozen=True)
class Effect:
    """What the step does: `words`, and the numbers in them by name (None: not known)."""

    words: str
    numbers: tuple[tuple[str, int | None], ...]


def effect(case: Case, known: Mapping[str, Known]) -> Effect:
    """The effect of passing a gate, as far as is known."""
    facts = Facts(known)
    made = {"upload": _upload, "writeback": _writeback, "submit": _submit, "scan-delete": _scan_delete, "retire": _retire,
            "unset": _unset}
    return made[case.gate](case, facts)


def _count(facts: Facts, key: str) -> int | None:
    value = facts.value(key)
    return value if isinstance(value, int) else None


def _many(count: int | None, one: str) -> str:
    if count is None:
        return f"an unknown number of {one}s"
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def _upload(_case: Case, facts: Facts) -> Effect:
    files, records = _count(facts, "waiting_files"), _count(facts, "waiting_records")
    return Effect(f"sends {_many(files, 'file')} with {_many(records, 'record')}; OCLC can't give them back",
                  (("files", files), ("records", records)))


def _writeback(_case: Case, facts: Facts) -> Effect:
    records = _count(facts, "writeback_records")
    return Effect(f"overwrites {_many(records, 'record')} in Alma", (("records", records),))


def _submit(case: Case, _facts: Facts) -> Effect:
    return Effect(f"opens collection {case.subject}; once submitted it can't be deleted, and its settings are frozen", ())


def _scan_delete(case: Case, facts: Facts) -> Effect:
    """Removed is what OCLC holds, less what the reports show as refreshed, less what other symbols' loads hold that the cut-off
    spares. OCLC counts a holding an OCLC number, so the ledger's records are no measure of it."""
    held, refreshed = _count(facts, "holdings_at_oclc"), _count(facts, "holdings_refreshed")
    spared, at_least = _spared(case, facts)
    removed = held - refreshed - spared if held is not None and refreshed is not None and spared is not None else None
    unresolved = _count(facts, "unresolved")
    odd = ""
    if removed is not None and removed < 0:
        removed, odd = None, "; OCLC's count is smaller than what was refreshed: one of the two is wrong"
    many = ("at least " if at_least and removed is not None else "") + _many(removed, "holding")
    lhr = {"keep": "; records with a local holdings record stay",
           "delete": "; records with a local holdings record go too"}.get(facts.text("lhr_choice"), "")
    day = case.subject or "a day not named yet"
    return Effect(f"removes {many} older than {day}; {_of_them(unresolved)}{odd}{lhr}; it can't be undone",
                  (("removed", removed), ("holdings_at_oclc", held), ("refreshed", refreshed), ("spared", spared),
                   ("unresolved", unresolved)))


def _spared(case: Case, facts: Facts) -> tuple[int | None, bool]:
    """How many holdings of other symbols' loads the cut-off spares, and whether that is only the most it can be: when it is
    later than the first of these loads, others may be older than it too."""
    others, first = _count(facts, "other_loads"), facts.text("earliest_standing_load")
    if others == 0:
        return 0, False
    everything, of_first = _count(facts, "other_loads_holdings"), _count(facts, "earliest_standing_load_holdings")
    if others is None or not first or everything is None:
        return None, False
    if case.subject <= first:
        return everything, False
    return (None, False) if of_first is None else (everything - of_first, True)


def _retire(case: Case, facts: Facts) -> Effect:
    held, unresolved = _count(facts, "holdings_at_oclc"), _count(facts, "unresolved")
    return Effect(f"removes {_many(held, 'holding')}, all there are under {case.symbol}; {_of_them(unresolved)}; "
                  "it can't be undone",
                  (("removed", held), ("unresolved", unresolved)))


def _of_them(unresolved: int | None) -> str:
    return "how many of them unresolved is unknown" if unresolved is None else f"{unresolved:,} of them unresolved"


def _unset(_case: Case, facts: Facts) -> Effect:
    records, local = _count(facts, "unset_records"), _count(facts, "unset_local_data")
    return Effect(f"removes {_many(records, 'holding')} and deletes {_many(local, 'local record')} with them; "
                  "it can't be undone",
                  (("removed", records), ("local", local)))
