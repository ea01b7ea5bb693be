"""The status for the oversight committee: counts with what they are counts of, what changed since the last one, and pages in
which nothing from outside is anything but text."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oclc_console import clock
from oclc_console.cli import main
from oclc_console.errors import CallError, InputError
from oclc_console.operations.checklist import reopen, sign_off
from oclc_console.operations.oversight import Counted, Oversight, Section, keep, oversight, to_json
from oclc_console.operations.oversight_changes import project_changes, symbol_changes
from oclc_console.operations.oversight_pages import html_page, markdown_page
from oclc_console.operations.oversight_written import write_page, write_status
from oclc_console.store import log
from oclc_console.workspace import Workspace
from tests.tui.stage import HeldClock, make_stage

VOID = {"meta", "br", "hr", "img", "link", "input"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    held, real = HeldClock(), clock.now
    clock.now = held.now
    try:
        return make_stage(tmp_path_factory.mktemp("stage") / "workspace", held).root
    finally:
        clock.now = real


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> HeldClock:
    stage = HeldClock()
    stage.at()
    monkeypatch.setattr(clock, "now", stage.now)
    return stage


@pytest.fixture
def ws(made: Path, tmp_path: Path, held: HeldClock) -> Workspace:
    root = tmp_path / "workspace"
    shutil.copytree(made, root)
    for file in root.glob("runs/*/*.json*"):
        file.write_bytes(file.read_bytes().replace(bytes(made), bytes(root)))
    return Workspace(root, "lts")


class Checked(HTMLParser):
    """Reads a page strictly: which elements are open, and everything that could lead outside."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[str] = []
        self.outside: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("href", "src", "srcset", "action", "data", "background", "poster") or name.startswith("on"):
                self.outside.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> while {self.open[-3:]} are open"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)


def checked(page: str) -> Checked:
    parser = Checked()
    parser.feed(page)
    parser.close()
    assert parser.open == [] and parser.outside == []
    assert not set(parser.seen) & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "svg"}
    style = page[page.index("<style>"):page.index("</style>")]
    assert "url(" not in style and "@import" not in style
    return parser


def counts(value: Oversight, symbol: str) -> dict[str, tuple[int | None, int | None]]:
    [page] = [page for page in value.pages if page.status.symbol == symbol]
    return {each.words: (each.value, each.of) for each in page.counts}


def test_every_count_has_what_it_is_a_count_of(ws: Workspace) -> None:
    found = counts(oversight(ws), "ZMD")
    assert found["routed"] == (30, 30) and found["sent"] == (30, 30) and found["reported"] == (20, 30)
    assert found["rejected"] == (4, 20) and found["open rejections"] == (4, 4)


def test_what_was_sent_is_every_outcome_and_what_is_not_reported(ws: Workspace) -> None:
    found = counts(oversight(ws), "ZMD")
    outcomes = ("match", "create", "replace", "field transfer", "unresolved", "data error", "processing error",
                "not reported")
    assert sum(found[word][0] or 0 for word in outcomes) == 30
    in_set = ("excluded", "quarantined", "unrouted", "routed")
    assert sum(found[word][0] or 0 for word in in_set) == 30


def test_what_nobody_can_know_yet_is_never_a_zero(ws: Workspace) -> None:
    found = counts(oversight(ws), "ZLW")
    assert found["in set"] == (None, None) and found["reported"][0] is None and found["rejected"] == (None, None)
    page = html_page(oversight(ws))
    assert "not yet" in page


def test_the_projects_counts_are_its_symbols_added_up(ws: Workspace) -> None:
    value = oversight(ws)
    together = {each.words: each for each in value.counts}
    for words, each in together.items():
        known = [count[0] for page in value.pages for name, count in counts(value, page.status.symbol).items()
                 if name == words and count[0] is not None]
        assert each.value == (sum(known) if known else None)


def test_the_first_status_has_none_to_be_compared_with_and_says_so(ws: Workspace) -> None:
    value = oversight(ws)
    assert value.previous is None and value.changed == ()
    assert "No earlier status is kept." in markdown_page(value) and "No earlier status is kept." in html_page(value)


def test_what_changed_since_the_last_one_is_said_milestones_and_numbers_and_whom_it_waits_for(
        ws: Workspace, held: HeldClock) -> None:
    held.at(days=7)
    keep(ws, oversight(ws))
    held.at()
    sign_off(ws, "ZMD", "reclamation", date(2020, 11, 15), "done [at last]")
    reopen(ws, "ZHG", "authorizations", "one more")
    value = oversight(ws)
    changed = {page.status.symbol: page.changed for page in value.pages}
    assert value.previous == "2020-11-09T09:14:00.000Z"
    assert changed["ZMD"] == ("milestone 3 reclamation: now → done on 2020-11-15",
                              "milestone 5 deletion: to come → now")
    assert changed["ZHG"] == ("milestone 1 authorizations: done → now", "milestone 2 logins: now → to come")
    assert changed["ZLW"] == () and value.changed == ("lines of the log: 6 → 8",)


def test_the_newest_that_is_a_day_old_is_compared_or_the_one_of_a_day_that_was_named(
        ws: Workspace, held: HeldClock) -> None:
    for days in (10, 5, 0.5):
        held.at(days=days)
        keep(ws, oversight(ws, thorough=False))
    held.at()
    assert oversight(ws, thorough=False).previous == "2020-11-11T09:14:00.000Z"
    assert oversight(ws, date(2020, 11, 10), thorough=False).previous == "2020-11-06T09:14:00.000Z"
    assert oversight(ws, date(2020, 11, 16), thorough=False).previous == "2020-11-15T21:14:00.000Z"
    with pytest.raises(CallError, match="no status is kept of 2020-11-01 or before: the oldest is of 2020-11-06"):
        oversight(ws, date(2020, 11, 1))


def test_one_status_a_day_is_kept_the_last(ws: Workspace, held: HeldClock) -> None:
    held.at(minutes=60)
    keep(ws, oversight(ws, thorough=False))
    held.at()
    path = keep(ws, oversight(ws, thorough=False))
    assert [each.name for each in path.parent.iterdir()] == ["20201116.json"]
    assert orjson.loads(path.read_bytes())["as_of"] == "2020-11-16T09:14:00.000Z"


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"as_of": "then", "symbols": []}', b'{"as_of": 7, "symbols": []}',
                                    b'{"as_of": "2020-11-01T00:00:00Z", "symbols": 3}',
                                    b'{"as_of": "2020-11-01T00:00:00Z", "symbols": [{"symbol": "ZMD", "counts": [1]}]}'])
def test_a_kept_status_that_is_damaged_is_named(ws: Workspace, damage: bytes) -> None:
    kept = ws.at("exports/status") / "20201101.json"
    kept.write_bytes(damage)
    with pytest.raises(InputError, match=r"20201101\.json.*can't be read.*delete it"):
        oversight(ws, thorough=False)


def test_one_kept_by_a_version_that_knew_less_is_compared_as_far_as_it_goes() -> None:
    now = {"symbol": "ZMD", "milestones": [{"id": "logins", "state": "done", "completed": None}], "disposition": "retained",
           "successor": None, "phase": "x", "waiting_on": "y", "counts": [{"words": "sent", "value": 5}]}
    assert list(symbol_changes({"symbol": "ZMD", "phase": "w"}, now)) == ["phase: w → x"]
    assert list(symbol_changes(None, now)) == ["new in this status"]
    assert list(symbol_changes({"counts": [{"words": "sent", "value": 12_000}]}, now)) == ["sent: 12,000 → 5 (-11,995)"]
    assert list(symbol_changes({"counts": [{"words": "sent", "value": None}]}, now)) == ["sent: not yet → 5"]
    assert list(project_changes({"A": {}}, {"B": {}}, None, {"lines": 3})) == ["new: B", "no longer there: A"]


# pages

def test_the_page_stands_alone_with_a_section_a_symbol_that_is_printed_on_its_own(ws: Workspace) -> None:
    page = html_page(oversight(ws))
    parser = checked(page)
    assert parser.seen.count("section") == 3 and parser.seen.count("h2") == 3
    assert re.search(r"@media print \{.*section \{ break-before: page;", page, re.S)
    assert "default-src &#x27;none&#x27;" in page and "http://" not in page and "https://" not in page


def test_both_pages_carry_the_logs_last_line_and_hash(ws: Workspace) -> None:
    head, value = log.head(ws), oversight(ws)
    for page in (html_page(value), markdown_page(value)):
        assert head.hash in page and f"line {head.seq}" in page


def test_a_log_that_was_changed_is_said_at_the_top_of_the_page(ws: Workspace) -> None:
    ws.log.write_bytes(ws.log.read_bytes().replace(b"too early", b"in time!!"))
    value = oversight(ws)
    assert value.log.hash == "" and "line 4 of the log" in value.log.fault
    assert "The log of this project was changed" in html_page(value)[:6000]
    assert "The log of this project was changed" in markdown_page(value)[:1000]


def nasty(value: Oversight, text: str) -> Oversight:
    """The same status with other text wherever text comes from outside."""
    pages = tuple(replace(page, status=replace(page.status, name=text, phase=text, waiting_on=text, libraries=(text,)),
                          sections=(Section(text, (text,), ((text,),)),), changed=(text,),
                          counts=(Counted(text, 3, 5, text),)) for page in value.pages)
    alerts = tuple(replace(alert, text=text) for alert in value.alerts)
    return replace(value, pages=pages, alerts=alerts, changed=(text,), status=replace(value.status, institution=text))


@pytest.fixture(scope="module")
def plain(made: Path) -> Iterator[Oversight]:
    held, real = HeldClock(), clock.now
    clock.now = held.now
    held.at()
    try:
        yield oversight(Workspace(made, "lts"), thorough=False)
    finally:
        clock.now = real


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60) | st.sampled_from([
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style><b>", "&lt;b&gt;", "]]>", "<!--", "' onclick='",
    "\x1b[31m\x00\u202e", "[Letters] |a|b| `c` # d\n- e", "</section></main>"]))
def test_whatever_a_name_or_a_note_is_it_stays_text(plain: Oversight, text: str) -> None:
    value = nasty(plain, text)
    ours, theirs = checked(html_page(plain)), checked(html_page(value))
    assert set(theirs.seen) <= set(ours.seen)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", html_page(value))
    page = markdown_page(value)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069<]", page.replace("&lt;", ""))
    board = [line for line in page.splitlines() if line.startswith("| ZMD")]
    assert {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in board} == {8}


def test_a_tag_in_a_note_is_read_as_it_was_written(ws: Workspace) -> None:
    sign_off(ws, "ZMD", "reclamation", date(2020, 11, 15), "<b>&amp; [all] \"done\"")
    assert "<b>&amp; [all] \"done\"" in checked(html_page(oversight(ws))).text


# commands

def run(ws: Workspace, *words: str) -> int:
    return main(["--workspace", str(ws.root), *words])


def test_status_json_keeps_its_contract_and_has_more(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(ws, "status", "--json") == 0
    told: dict[str, Any] = orjson.loads(capsys.readouterr().out)
    assert {"as_of", "symbols", "alerts", "previous", "changed", "log", "counts"} <= set(told)
    for row in told["symbols"]:
        assert {"symbol", "disposition", "milestone", "phase", "waiting_on", "since", "counts", "changed", "open"} <= set(row)
        assert [set(stone) for stone in row["milestones"]] == [{"id", "state", "completed"}] * 6
    assert told["log"] == {"lines": 6, "hash": log.head(ws).hash, "fault": ""}
    assert not (ws.root / "exports" / "status").exists(), "a question keeps nothing"
    assert orjson.loads(orjson.dumps(to_json(oversight(ws, thorough=False)))) == told


def test_a_page_goes_to_the_terminal_or_to_a_file_and_is_kept(
        ws: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(ws, "status", "--format", "html") == 0
    shown = capsys.readouterr()
    checked(shown.out)
    assert "Kept as" in shown.err and (ws.root / "exports" / "status" / "20201116.json").is_file()
    assert run(ws, "status", "--format", "md", "--to", str(tmp_path / "new" / "status.md"), "--json") == 0
    told = orjson.loads(capsys.readouterr().out)
    assert Path(told["file"]).read_text().startswith("# Example University Library: status of 2020-11-16")


def test_the_terminal_says_what_changed_since_the_last_page(
        ws: Workspace, held: HeldClock, capsys: pytest.CaptureFixture[str]) -> None:
    held.at(days=3)
    assert run(ws, "status", "--format", "md") == 0
    held.at()
    sign_off(ws, "ZMD", "reclamation", date(2020, 11, 15), "all as agreed")
    capsys.readouterr()
    assert run(ws, "status") == 0
    out = capsys.readouterr().out
    assert "Changed since 2020-11-13" in out and "ZMD: milestone 3 reclamation: now → done on 2020-11-15" in out
    assert run(ws, "status", "--since", "2020-11-01") == 2
    assert "no status is kept of 2020-11-01 or before" in capsys.readouterr().err
    assert run(ws, "status", "--to", "x.txt") == 2
    assert "only a page is written" in capsys.readouterr().err


def test_written_without_a_place_it_is_one_page_a_day_among_the_exports(ws: Workspace) -> None:
    path = write_status(ws)
    assert path == ws.root / "exports" / "status-20201116.html" and write_page(ws, oversight(ws)) == path
    checked(path.read_text())
