"""Lines of the log as sentences."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.store.log import LogLine
from oclc_console.tui.log_words import act_words

ACTS = ["milestone.done", "task.done", "task.planned", "task.noted", "evidence.entered", "gate.signed", "gate.overridden",
        "gate.withdrawn", "approval.signed", "approval.lapsed", "decision.recorded", "decision.option", "timeline.set",
        "roster.imported", "roster.changed", "act.undone", "settings.changed", "wish.made"]


def line(act: str, **data: Any) -> LogLine:
    return LogLine(1, "2020-11-16T09:14:00.000Z", "jdoe", act, "ZUL", data, "", "")


@pytest.mark.parametrize(("told", "sentence"), [
    (line("milestone.done", milestone="logins", date="2020-10-20", note="all on"),
     "signed off: 2 Cataloguers use the new logins, completed 20 Oct 20 · all on"),
    (line("task.planned", task="upload", title="Upload the files", date="2020-11-20"),
     "planned: Upload the files, for 20 Nov 20"),
    (line("milestone.done", milestone="deletion", date="2020-10-20", note="before us", gate_open="retire"),
     "signed off: 5 Deletion, completed 20 Oct 20, the gate retire not passed · before us"),
    (line("evidence.entered", key="ill_open_requests", value=326, source="ILL lead", day="2020-11-16"),
     "entered: open ILL requests 326, from ILL lead"),
    (line("gate.signed", gate="scan-delete", subject="2020-08-14", effect="removes 3 holdings", note=""),
     "signed gate scan-delete 2020-08-14: removes 3 holdings"),
    (line("gate.overridden", gate="scan-delete", subject="2020-08-14", condition="unrouted", reason="4 maps"),
     "signed for unrouted, gate scan-delete 2020-08-14 · 4 maps"),
    (line("act.undone", of=12, reason="the wrong symbol"), "took back line 12 · the wrong symbol"),
    (line("timeline.set", row="freeze", kind="draft", begin="2021-01-04", end="2021-01-15"),
     "timeline: freeze draft 2021-01-04 to 2021-01-15"),
    (line("roster.imported", unit="RBK", people=[{}, {}]), "took in RBK's survey: 2 people"),
    (line("wish.made", what="tea"), "wish.made: what tea"),
])
def test_an_act_is_told_in_a_sentence_and_an_unknown_one_as_the_log_has_it(told: LogLine, sentence: str) -> None:
    assert act_words(told) == sentence


@given(st.sampled_from(ACTS), st.dictionaries(
    st.sampled_from(["milestone", "task", "title", "date", "key", "value", "gate", "of", "people", "unit", "reason"]),
    st.one_of(st.none(), st.text(max_size=5), st.integers(), st.just("2020-11-16")).filter(lambda each: each != "") ))
def test_whatever_a_line_of_another_version_holds_it_is_told(act: str, data: dict[str, Any]) -> None:
    assert act_words(line(act, **data))
