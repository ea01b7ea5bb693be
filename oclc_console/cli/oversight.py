"""`status`: where every symbol is and what it waits for, in the terminal or as one object; and as a page for the oversight
committee (md, html), which is kept so that the next one can say what changed. Not for what is in it (operations/oversight.py).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oclc_console.operations.oversight import Oversight
    from oclc_console.workspace import Workspace

PAGES = ("md", "html")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `status` can be asked."""
    command.add_argument("--format", choices=["text", "json", *PAGES], default="text",
                         help="text (default), json, or a page for the oversight committee: md, html (prints a page a symbol)")
    command.add_argument("--since", type=_day, metavar="DATE",
                         help="compare with the status kept of this day or before (default: the newest a day old)")
    command.add_argument("--to", metavar="FILE", help="write the page there, instead of to the terminal")


def run(workspace: Workspace, options: argparse.Namespace) -> int:
    """Runs the status command."""
    from oclc_console.errors import CallError
    from oclc_console.operations.oversight import oversight

    if options.format in PAGES:
        return _page(workspace, options)
    if options.to:
        raise CallError("only a page is written to a file", where="--to", then="Say: status --format html --to status.html")
    from oclc_console.cli import show
    from oclc_console.operations.oversight import to_json

    value = oversight(workspace, options.since, thorough=False)
    as_json = bool(getattr(options, "json", False)) or options.format == "json"
    show.answer(to_json(value), as_json, _words(value))
    return 0


def _page(workspace: Workspace, options: argparse.Namespace) -> int:
    from oclc_console.cli import show
    from oclc_console.operations.oversight import keep, oversight, to_json
    from oclc_console.operations.oversight_pages import html_page, markdown_page
    from oclc_console.operations.oversight_written import write_page

    value = oversight(workspace, options.since)
    as_json = bool(getattr(options, "json", False))
    if options.to:
        written = write_page(workspace, value, options.format, Path(options.to))
        told = {"file": str(written), "as_of": value.status.as_of, "previous": value.previous}
        show.answer(told, as_json, [f"The status of {value.status.as_of} is in {written}"])
        return 0
    kept = keep(workspace, value)
    page = markdown_page(value) if options.format == "md" else html_page(value)
    show.answer(to_json(value), as_json, page.splitlines())
    show.say(f"Kept as {kept}: the next status says what changed since.")
    return 0


def _words(value: Oversight) -> Iterator[str]:
    from oclc_console.cli import show

    yield from show.status_words(value.status)
    if value.log.fault:
        yield f"✖ {value.log.fault}. Sign nothing before this is settled: oclc-console log verify"
    if value.previous is None:
        return
    yield from ("", f"Changed since {value.previous}:")
    changes = [*value.changed, *(f"{page.status.symbol}: {each}" for page in value.pages for each in page.changed)]
    yield from (f"  {each}" for each in changes or ["nothing"])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write 2026-11-22") from None
