"""`coverage SYMBOL`: where every record of a symbol's set went, as a table or as one object; and the records of one part as a
file. Not for counting them (operations/coverage.py)."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from oclc_console.cli import show
from oclc_console.errors import CallError
from oclc_console.operations.coverage import Coverage, RunCoverage, SetCoverage, coverage
from oclc_console.workspace import Workspace

FORMS = ("csv", "alma")
_BAR = 20


def run(workspace: Workspace, options: argparse.Namespace) -> int:
    """Runs the coverage command. Like every question it ends with 0, whatever the answer is."""
    as_json = bool(getattr(options, "json", False))
    if options.export is None:
        if options.out is not None or options.format is not None:
            raise CallError("there is nothing to write", where="--out" if options.out else "--format",
                            then="Name a part, for example: --export unrouted --format alma")
        answer = coverage(workspace, options.symbol, options.run)
        show.answer(answer.to_json(), as_json, coverage_words(answer))
        return 0
    return _export(workspace, options, as_json)


def _export(workspace: Workspace, options: argparse.Namespace, as_json: bool) -> int:
    from oclc_console.operations.coverage_ids import export_part

    out = Path(options.out) if options.out is not None else None
    done = export_part(workspace, options.symbol, options.export, options.format or "csv", out=out, run=options.run)
    if done.missing:
        show.say(f"! {done.missing}")
    said = {"part": done.part, "file": str(done.path), "records": done.records, "lines": done.lines, "missing": done.missing}
    lines = f", {done.lines:,} MMS ids" if options.format == "alma" else ""
    show.answer(said, as_json, [f"{done.part}: {done.records:,} records{lines} in {done.path}"])
    return 0


def coverage_words(answer: Coverage) -> Iterator[str]:
    """The waterfall as a table, the rules in words, and the runs that counted it."""
    sent_as = f", sent as {answer.sender}" if answer.sender != answer.symbol else ""
    yield f"{answer.symbol} {answer.name}{sent_as}, as of {answer.as_of}"
    if not answer.runs:
        yield f"Nothing was prepared yet. Next: oclc-console prepare {answer.symbol} FILE..."
    else:
        yield from _waterfall(answer.total)
        for counted in answer.runs:
            yield from _run_words(counted, several=len(answer.runs) > 1)
    for name in answer.left:
        yield f"! {name} was refused, and its files were not prepared since: they are in no number here"
    if answer.refused:
        yield ('Nothing of it was put in the outbox. Change the keep rules in console.toml, or prepare again with '
               '--accept-unrouted "reason".')


def _waterfall(total: SetCoverage) -> Iterator[str]:
    yield _row("in set", total.in_set, total.in_set)
    for part in total.parts:
        yield _row(part.word, part.records, total.in_set)
    yield from ("", f"{total.identity}; {total.comparison}", "")
    for part in total.parts:
        yield f"{part.word}: {part.rule}"
    yield ""


def _row(word: str, records: int, in_set: int) -> str:
    return f"{word:<34} {records:>11,} {_share(records, in_set)}  {_bar(records, in_set)}".rstrip()


def _share(records: int, in_set: int) -> str:
    share = 100 * records / in_set if in_set else 0.0
    shown = "<0.1" if 0 < share < 0.1 else ">99.9" if 99.9 < share < 100 else "100" if share == 100 else f"{share:.1f}"
    return f"{shown:>5} %"


def _bar(records: int, in_set: int) -> str:
    filled = max(1, round(_BAR * records / in_set)) if records and in_set else 0
    return '█' * filled


def _run_words(counted: RunCoverage, *, several: bool) -> Iterator[str]:
    yield f"{counted.run}, {counted.state}, by {counted.by}, counted {counted.at}: {', '.join(counted.sources)}"
    if several:
        numbers = ", ".join(f"{part.word} {part.records:,}" for part in counted.parts if part.records)
        yield f"    in set {counted.in_set:,}: {numbers or 'nothing'}; {counted.comparison}"
    if counted.replaced:
        yield f"    prepared again since: {', '.join(counted.replaced)}"
    if counted.accepted and counted.of("unrouted") + counted.of("double"):
        yield f"    unrouted and double accepted: {counted.accepted}"
    if counted.ledger is None:
        yield "    it kept no ledger: these are its numbers, there are no ids"
