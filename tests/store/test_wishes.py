"""What people ask of a run under way survives being asked by several at once, and a damaged file changes nothing."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.store.wishes import FILE, MOST_CONNECTIONS, Wishes, change_wishes, read_wishes


def test_where_nobody_wished_for_anything_the_run_goes_on_as_the_settings_say(tmp_path: Path) -> None:
    assert read_wishes(tmp_path) == Wishes(paused=False, connections=None, retry=())


def test_a_wish_is_read_back_as_it_was_made(tmp_path: Path) -> None:
    asked = change_wishes(tmp_path, lambda now: replace(now, paused=True, connections=3, retry=(*now.retry, "a.mrc")))
    assert read_wishes(tmp_path) == asked == Wishes(True, 3, ("a.mrc",))


def test_two_people_who_wish_at_once_both_get_theirs(tmp_path: Path) -> None:
    def ask(name: str) -> None:
        change_wishes(tmp_path, lambda now: replace(now, retry=(*now.retry, name)))

    names = [f"{n}.mrc" for n in range(8)]
    people = [threading.Thread(target=ask, args=(name,)) for name in names]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert sorted(read_wishes(tmp_path).retry) == names


@given(st.binary(max_size=60))
def test_a_file_that_cannot_be_understood_changes_nothing(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / FILE).write_bytes(content + b'{"paused": tr')
    before = Wishes(paused=True, connections=2)
    assert read_wishes(folder, before) == before
    assert read_wishes(folder) == Wishes()


def test_wishes_of_the_wrong_shape_change_nothing_and_counts_stay_within_reason(tmp_path: Path) -> None:
    for wrong in ('{"paused": "yes", "connections": 1, "retry": []}', '{"paused": true, "connections": 1.5, "retry": []}',
                  '{"paused": true, "connections": 1, "retry": [1]}', "[]", "null"):
        (tmp_path / FILE).write_text(wrong)
        assert read_wishes(tmp_path) == Wishes()
    (tmp_path / FILE).write_text('{"paused": false, "connections": 900, "retry": []}')
    assert read_wishes(tmp_path).connections == MOST_CONNECTIONS
