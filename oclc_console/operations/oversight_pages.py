"""The status for the oversight committee as a page: Markdown, or HTML that stands alone (no network, no script, a page a symbol
when it is printed). Whatever comes from outside is text in it. Not for what is in it (oversight.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from oclc_console.operations.markdown import escaped, shown, table
from oclc_console.operations.oversight import Counted, Oversight, SymbolPage
from oclc_console.operations.status import Alert, SymbolStatus

STYLE = """
body { font: 11pt/1.45 system-ui, sans-serif; color: #1b1b1b; background: #fff; max-width: 60em; margin: 2em auto;
  padding: 0 1em; }
h1 { font-size: 1.5em; margin: 0 0 .2em; }
h2 { font-size: 1.25em; margin: 0 0 .2em; }
h3 { font-size: 1em; margin: 1.2em 0 .3em; }
p { margin: .3em 0; }
.said { color: #444; }
.fault { border: 2px solid #900; padding: .5em; }
section { border-top: 3px solid #1b1b1b; padding-top: .8em; margin-top: 2.5em; }
table { border-collapse: collapse; width: 100%; font-size: .92em; }
caption { text-align: left; font-weight: 600; padding: .8em 0 .3em; }
th, td { text-align: left; vertical-align: top; padding: .2em .6em .2em 0; border-bottom: 1px solid #ccc;
  overflow-wrap: break-word; }
thead th, .d { white-space: nowrap; }
tbody th { font-weight: normal; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.bar { display: inline-block; width: 8em; height: .7em; border: 1px solid #555; }
.bar i { display: block; height: 100%; background: #555; }
.foot { margin-top: 1.5em; font-size: .85em; color: #444; overflow-wrap: anywhere; }
footer { margin-top: 2.5em; border-top: 1px solid #888; font-size: .85em; color: #444; overflow-wrap: anywhere; }
@media print {
  @page { margin: 18mm 15mm; }
  body { max-width: none; margin: 0; padding: 0; font-size: 9.5pt; }
  section { break-before: page; border-top: 0; margin-top: 0; padding-top: 0; }
  thead { display: table-header-group; }
  tr, li { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  .bar, .bar i { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # nothing is loaded from anywhere, whatever stands in the text
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_BOARD = ("symbol", "name", "milestone", "phase", "waiting on", "since", "open rejections")


def markdown_page(value: Oversight) -> str:
    """The whole status as Markdown."""
    lines = [f"# {escaped(value.status.institution)}: status of {_moment(value.status.as_of)}", "", _where(value), ""]
    lines += [f"**{escaped(fault)}**" for fault in [_log_fault(value)] if fault]
    lines += ["## The project", "", *table(_BOARD, map(_board_row, value.pages)), "", *_markdown_counts(value.counts)]
    lines += _markdown_changes(value.previous, value.changed)
    lines += _markdown_alerts(value.alerts, named=True)
    for page in value.pages:
        lines += [*_markdown_symbol(page, value.previous), "", escaped(_short_foot(value))]
    return "\n".join([*lines, "", escaped(_foot(value)), ""])


def html_page(value: Oversight) -> str:
    """The whole status as one HTML file."""
    title = f"{value.status.institution}: status of {_moment(value.status.as_of)}"
    parts = ["<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
             f'<meta http-equiv="Content-Security-Policy" content="{_text(_POLICY)}">',
             '<meta name="viewport" content="width=device-width, initial-scale=1">', _element("title", title),
             f"<style>{STYLE}</style>", "</head>", "<body>", "<main>", _element("h1", title),
             _element("p", _where(value), "said")]
    parts += [_element("p", fault, "fault") for fault in [_log_fault(value)] if fault]
    parts += [_html_table("Where every symbol is", _BOARD, map(_board_row, value.pages)), _html_counts(value.counts)]
    parts += _html_changes(value.previous, value.changed)
    parts += _html_alerts(value.alerts, named=True)
    for page in value.pages:
        parts += _html_symbol(page, value.previous, _short_foot(value))
    return "\n".join([*parts, "</main>", _element("footer", _foot(value)), "</body>", "</html>", ""])


# what is said, whatever the form


def _where(value: Oversight) -> str:
    status = value.status
    done = sum(stone.state == "done" for page in value.pages for stone in page.status.milestones)
    all_ = sum(stone.state != "not_applicable" for page in value.pages for stone in page.status.milestones)
    rehearsal = " This is a rehearsal: its numbers are invented." if status.rehearsal else ""
    return (f"{_plural(len(value.pages), 'symbol')}; {done:,} of {all_:,} milestones done; "
            f"{_plural(len(value.alerts), 'thing')} to look at.{rehearsal}")


def _log_fault(value: Oversight) -> str:
    fault = value.log.fault
    return f"The log of this project was changed: {fault}. What was signed can't be relied on." if fault else ""


def _foot(value: Oversight) -> str:
    if value.log.fault:
        return f"As of {value.status.as_of}. The log is not sound: {value.log.fault}."
    at = f"line {value.log.lines:,}, hash {value.log.hash}" if value.log.lines else "no line yet"
    return (f"As of {value.status.as_of}. What people signed is in the project's log, which ended with {at}. "
            "oclc-console log verify proves that nothing before it was changed.")


def _short_foot(value: Oversight) -> str:
    """What stands below each symbol's page, should it be handed on alone."""
    at = f"log line {value.log.lines:,}, hash {value.log.hash[:16]}…" if value.log.lines else "no line in the log yet"
    at = "the log is not sound" if value.log.fault else at
    return f"{value.status.institution}, status of {_moment(value.status.as_of)}; {at}"


def _board_row(page: SymbolPage) -> tuple[str, ...]:
    row = page.status
    return (row.symbol, row.name, row.milestone, row.phase, row.waiting_on, _day(row.since), _number(page.open))


def _about(row: SymbolStatus) -> str:
    kind = f"retiring into {row.successor}" if row.successor else row.disposition
    libraries = f"; libraries {', '.join(row.libraries)}" if row.libraries else ""
    since = f", since {_day(row.since)}" if row.since else ""
    return (f"{kind[:1].upper()}{kind[1:]}{libraries}. Next: {row.milestone}. Phase: {row.phase}. "
            f"Waits for {row.waiting_on}{since}.")


def _since(previous: str | None) -> str:
    return f"Changed since {_moment(previous)}" if previous else "Changed since the last status"


def _changes(previous: str | None, changed: Sequence[str]) -> Sequence[str]:
    return changed or (("Nothing.",) if previous else ("No earlier status is kept.",))


def _alert(alert: Alert, *, named: bool) -> str:
    return f"{f'{alert.symbol}: ' if named else ''}{alert.text}"


def _number(value: int | None) -> str:
    return "not yet" if value is None else f"{value:,}"


def _of(counted: Counted) -> str:
    return f"{counted.of:,} {counted.of_words}" if counted.of is not None else f"{counted.of_words}: not known"


def _share(counted: Counted) -> str:
    if counted.value is None or not counted.of:
        return ""
    share = 100 * counted.value / counted.of
    return "<0.1 %" if 0 < share < 0.1 else ">99.9 %" if 99.9 < share < 100 else f"{share:.1f} %"


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _moment(instant: str) -> str:
    return f"{instant[:10]} {instant[11:16]} UTC"


def _day(instant: str | None) -> str:
    return instant[:10] if instant else ""


# Markdown


def _markdown_symbol(page: SymbolPage, previous: str | None) -> Iterator[str]:
    yield from ("", "---", "", f"## {escaped(page.status.symbol)} {escaped(page.status.name)}", "",
                escaped(_about(page.status)), "")
    yield from _markdown_counts(page.counts)
    for section in page.sections:
        yield from (f"### {escaped(section.title)}", "", *table(section.columns, section.rows), "")
    yield from _markdown_changes(previous, page.changed)
    yield from _markdown_alerts(page.alerts, named=False)


def _markdown_counts(counts: Iterable[Counted]) -> Iterator[str]:
    rows = [(counted.words, _number(counted.value), _of(counted), _share(counted)) for counted in counts]
    yield from ("### Counts", "", *table(("what", "count", "of", "share"), rows), "")


def _markdown_changes(previous: str | None, changed: Sequence[str]) -> Iterator[str]:
    yield from (f"### {escaped(_since(previous))}", "", *(f"- {escaped(each)}" for each in _changes(previous, changed)), "")


def _markdown_alerts(alerts: Sequence[Alert], *, named: bool) -> Iterator[str]:
    if alerts:
        yield from ("### Needs somebody", "", *(f"- {escaped(_alert(alert, named=named))}" for alert in alerts), "")


# HTML


def _html_symbol(page: SymbolPage, previous: str | None, foot: str) -> Iterator[str]:
    yield from ("<section>", _element("h2", f"{page.status.symbol} {page.status.name}"),
                _element("p", _about(page.status), "said"), _html_counts(page.counts))
    yield from (_html_table(section.title, section.columns, section.rows) for section in page.sections)
    yield from (*_html_changes(previous, page.changed), *_html_alerts(page.alerts, named=False), _element("p", foot, "foot"),
                "</section>")


def _html_table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    heads = "".join(f'<th scope="col">{_text(column)}</th>' for column in columns)
    lines = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return (f"<table>\n{_element('caption', caption)}\n<thead><tr>{heads}</tr></thead>\n"
            f"<tbody>\n{lines}\n</tbody>\n</table>")


def _cell(text: str) -> str:
    return _element("td", text, "d" if _DAY.fullmatch(text) else "")


def _html_counts(counts: Iterable[Counted]) -> str:
    heads = ('<th scope="col">what</th><th scope="col" class="n">count</th><th scope="col">of</th>'
             '<th scope="col" class="n">share</th><th scope="col"></th>')
    lines = "\n".join(f'<tr><th scope="row">{_text(counted.words)}</th>{_element("td", _number(counted.value), "n")}'
                      f'{_element("td", _of(counted))}{_element("td", _share(counted), "n")}<td>{_bar(counted)}</td></tr>'
                      for counted in counts)
    return (f"<table>\n{_element('caption', 'Counts')}\n<thead><tr>{heads}</tr></thead>\n"
            f"<tbody>\n{lines}\n</tbody>\n</table>")


def _bar(counted: Counted) -> str:
    if counted.value is None or not counted.of:
        return ""
    width = max(0, min(100, round(100 * counted.value / counted.of)))
    return f'<span class="bar" aria-hidden="true"><i style="width:{width}%"></i></span>'


def _html_changes(previous: str | None, changed: Sequence[str]) -> Iterator[str]:
    yield from (_element("h3", _since(previous)), _list(_changes(previous, changed)))


def _html_alerts(alerts: Sequence[Alert], *, named: bool) -> Iterator[str]:
    if alerts:
        yield from (_element("h3", "Needs somebody"), _list(_alert(alert, named=named) for alert in alerts))


def _list(items: Iterable[str]) -> str:
    return f"<ul>\n{chr(10).join(_element('li', item) for item in items)}\n</ul>"


def _element(tag: str, text: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f"<{tag}{named}>{_text(text)}</{tag}>"


def _text(text: str) -> str:
    return escape(shown(text), quote=True)
