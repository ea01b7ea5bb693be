"""How answers are worded on a plain terminal: results and lists on stdout, everything said on the way on stderr, and with
--json one object on stdout and nothing else there. Text from outside is shown with its control characters made visible.
Not for the screens."""

from __future__ import annotations

import errno
import json
import sys
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import orjson

from oclc_console.cli.streams import fall_silent
from oclc_console.errors import ConsoleError, HereError, from_os_error
from oclc_console.files import shown_name

if TYPE_CHECKING:
    from oclc_console.operations.account import Account
    from oclc_console.operations.check import CheckLine
    from oclc_console.operations.status import Status

GLYPHS = {"done": "✔", "current": "◐", "to_come": "·", "not_applicable": "–", "good": "✔", "note": "·", "bad": "✖"}


def plain(text: str) -> str:
    """Text from outside with control characters as their Unicode pictures, so that none reaches the terminal."""
    return "".join(chr(0x2400 + ord(c)) if ord(c) < 0x20 else "␡" if 0x7F <= ord(c) < 0xA0 else c for c in text)


def say(text: str) -> None:
    """Says a line on stderr. A terminal that has gone away ends nothing."""
    try:
        print(plain(text), file=sys.stderr, flush=True)
    except OSError:
        fall_silent(2)


def draw(text: str) -> None:
    """Writes on stderr without ending the line."""
    try:
        print(text, end="", file=sys.stderr, flush=True)
    except OSError:
        fall_silent(2)


def print_error(error: ConsoleError, *, as_json: bool) -> None:
    """Says an error in one sentence; with --json also as the one object on stdout."""
    say(f"oclc-console: {error}")
    if as_json:
        try:
            _print_json({"error": str(error), "what": error.what, "where": error.where, "then": error.then})
        except (HereError, BrokenPipeError):
            fall_silent(1)  # the sentence on stderr has to do


def answer(value: Any, as_json: bool, words: Iterable[str]) -> None:
    """Prints the answer: as JSON, or in words."""
    if as_json:
        _print_json(value)
        return
    for line in words:
        _print(plain(line))


def _print_json(value: Any) -> None:
    try:
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()
    except TypeError:  # a file name that is no text: orjson writes only what is
        text = json.dumps(_readable(value), indent=2, ensure_ascii=False, default=str)
    _print(text)


def _readable(value: Any) -> Any:
    if isinstance(value, str):
        return shown_name(value)
    if isinstance(value, dict):
        return {_readable(key): _readable(item) for key, item in value.items()}
    return [_readable(item) for item in value] if isinstance(value, list | tuple) else value


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        fall_silent(1)
        if error.errno != errno.EIO:  # EIO: the terminal was closed under us, and the work is done all the same
            raise from_os_error(error, "writing the answer") from error


def confirmed(question: str) -> bool:
    """Whether a person at a terminal typed yes. Without a terminal nobody can, so no."""
    if not sys.stdin.isatty():
        say(question + "(nobody can answer here)")
        return False
    draw(plain(question))  # on stderr: stdout is for the answer
    return sys.stdin.readline().strip().lower() == "yes"


def operation_words(verb: str, result: dict[str, Any]) -> list[str]:
    """A run's result in words."""
    if verb == "prepare":
        files = result["files"]
        return [*(f"  {f['name']:<48} {f['records']:>9,} records {f['bytes']:>13,} bytes" for f in files),
                f"{len(files)} files in the outbox. Next: oclc-console upload {result['symbol']}" if files else
                "Nothing was put in the outbox."]
    if verb == "upload":
        return _upload_words(result["files"])
    return _fetch_words(result)


def _upload_words(files: list[dict[str, Any]]) -> list[str]:
    """Every file's state, and what is to be done about those that did not simply go through."""
    lines = [f"  {f['state'].replace('_', ' '):<10} {f['name']:<48} {f['bytes']:>13,} bytes" for f in files]
    for file in files:
        if file["next_steps"]:
            lines += [f"! {file['state'].replace('_', ' ')} {file['name']}: OCLC may have it, whole or in part.",
                      *(f"    {step[0].upper()}{step[1:]}" for step in file["next_steps"])]
    states = Counter(file["state"] for file in files)
    left = states["waiting"] + states["partial"]
    then = [f"oclc-console upload, for the {left} not sent yet" if left else "",
            "oclc-console fetch, once OCLC has had its time" if states["sent"] else ""]
    steps = ". ".join(step for step in then if step)
    return [*lines, f"{states['sent']} of {len(files)} files sent.{f' Next: {steps}.' if steps else ''}"]


def _fetch_words(result: dict[str, Any]) -> list[str]:
    """What a fetch brought, what it left, and what is to be asked for."""
    rows = [f"  {r['name']}: {r['type']}, {r['rows']:,} rows" for r in result["reports"]]
    records = [f"  {r['name']}: {r['bytes']:,} bytes of records ({r['folder']})" for r in result.get("records", [])]
    left = [f"  ! {r['name']} was not taken: {r['reason']}" for r in result.get("not_taken", [])]
    removed = [f"  ! ask OCLC for {r['name']}: it was removed{_on(r['removed_at'])}" for r in result.get("ask_for", [])]
    mail = ["The mail to OCLC Support for what was removed: oclc-console account SYMBOL --mail"] if removed else []
    return [*rows, *records, *left, *removed, *mail,
            f"{len(rows)} new reports{f', {len(records)} new files of records' if records else ''}. "
            "Next: oclc-console account SYMBOL"]


def _on(instant: str | None) -> str:
    return f" on {instant[:10]}" if instant else ", the server does not say when"


def _number(value: int | None) -> str:
    return "not yet" if value is None else f"{value:,}"


def account_words(account: Account) -> list[str]:
    """What became of every record, as a table."""
    prepared = account.prepared
    stated = "Alma's count not stated" if prepared.set_count is None else f"Alma counted {prepared.set_count:,}"
    lines = [f"{account.symbol} as of {account.as_of}",
             f"in set {prepared.in_set:,} = excluded {sum(prepared.excluded.values()):,} + quarantined "
             f"{prepared.quarantined:,} + unrouted {prepared.unrouted:,} + routed {prepared.routed:,}; {stated}", ""]
    for file in account.files:
        lines.append(f"{file.name}  {file.state.replace('_', ' ')}, sent {file.sent:,} of {file.records:,}"
                     f"{f'  ! late: a report was due {(file.due_at or str())[:16]}' if file.late else ''}")
        lines += [f"    ! {step}" for step in file.next_steps]
        if file.outcomes is None:
            lines.append("    not reported yet" if file.sent else "    not sent yet")
            continue
        shown = {**file.outcomes, **file.other}
        words = " + ".join(f"{word} {count:,}" for word, count in shown.items() if count)
        lines.append(f"    = {words} + not reported {file.not_reported:,}")
        if file.unknown_rows:
            lines.append(f"    ! {file.unknown_rows:,} rows of its reports are about no record of this file")
    total = account.total
    lines += ["", f"sent {total['sent']:,}; rejections {_number(total['rejections'])}; "
                  f"matched to another number {_number(total['ocn_changed'])}; not reported {total['not_reported']:,}"]
    if total["late"]:
        lines.append(f"{total['late']} late; the mail to OCLC: oclc-console account {account.symbol} --mail")
    return lines


def demo_words(result: dict[str, Any]) -> list[str]:
    """What the headless demo did."""
    lines = [f"{'symbol':<8}{'in set':>8}{'sent':>8}{'match':>8}{'create':>8}{'unres.':>8}{'data err':>9}{'not rep.':>9}"
             f"{'rejections':>11}"]
    for row in result["symbols"]:
        lines.append(f"{row['symbol']:<8}{row['in_set']:>8,}{row['sent']:>8,}{row['match']:>8,}{row['create']:>8,}"
                     f"{row['unresolved']:>8,}{row['data_error']:>9,}{row['not_reported']:>9,}{row['rejections']:>11,}")
    files = f"{result['files']} files in {result['seconds']:.1f} s"
    if "fault" in result:
        return [*lines, f"{files}.", result["fault"]["sentence"]]
    return [*lines, f"{files}; every record accounted for."]


def check_line(line: CheckLine) -> None:
    """Prints one line of check."""
    _print(plain(f"{GLYPHS[line.state]} {line.state:<5} {line.symbol:<5} {line.what}"))
    if line.meaning:
        _print(plain(f"              {line.meaning}"))




def status_words(status: Status) -> list[str]:
    """The status as a table."""
    lines = [f"{status.institution} ({status.host}), as of {status.as_of}", ""]
    for row in status.symbols:
        cells = " ".join(GLYPHS[state.state] for state in row.milestones)
        rejected = "not yet" if row.rejections is None else f"{row.rejections:,} of {row.reported:,} rejected"
        lines.append(f"{row.symbol:<6} {cells}  {row.phase:<34} {rejected:<24} waiting on {row.waiting_on}")
    lines += ["", *(f"! {alert.symbol}: {alert.text} ({alert.then})" for alert in status.alerts)]
    for wanted in status.ask_for:
        lines.append(f"  ask OCLC for {wanted.name} ({wanted.symbol}): it was removed{_on(wanted.removed_at)}")
    return lines
