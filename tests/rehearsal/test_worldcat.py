from __future__ import annotations

from pathlib import Path

from oclc_console.rehearsal.draft import Draft, control, data
from oclc_console.rehearsal.uploads import Arrived, read
from oclc_console.rehearsal.worldcat import FIRST_NEW_NUMBER, Answer, Upload, WorldCat

FIRST, LATER = Upload("one", ("852$8", "001"), ("079$a", "035$a")), Upload("two", ("852$8", "001"), ("079$a", "035$a"))
NEW = FIRST_NEW_NUMBER + 5_000


def sent(mms: int, number: int | None = None, title: str = "A title", end: int = 100) -> Arrived:
    fields = [control("001", f"99{mms}"), data("245", "10", "a", title)]
    if number:
        fields.append(data("035", "  ", "a", f"(OCoLC){number}"))
    return read(Draft(b"00000nam a2200000 i 4500", ()).add(*fields).bytes_of(), end)


def ask(worldcat: WorldCat, record: Arrived, upload: Upload = FIRST) -> Answer:
    return worldcat.answer(record, NEW, upload, {})


def test_numbers_exist_are_merged_or_never_were_and_the_seed_says_which(tmp_path: Path) -> None:
    one, same, other = (WorldCat(seed, tmp_path / "state.json") for seed in (1, 1, 2))
    numbers = range(1_000_000, 1_010_000)
    current = [one.current(number) for number in numbers]
    assert current == [same.current(number) for number in numbers]
    assert current != [other.current(number) for number in numbers]
    merged = [(number, now) for number, now in zip(numbers, current, strict=True) if now not in (None, number)]
    assert 0.03 < len(merged) / 10_000 < 0.05
    assert all(one.current(now) == now for _, now in merged if now)
    assert 10 < current.count(None) < 60


def test_a_known_number_matches_and_a_merged_one_matches_another(tmp_path: Path) -> None:
    worldcat = WorldCat(1, tmp_path / "state.json")
    outcomes = set()
    for number in range(2_000_000, 2_001_000):
        answer = ask(worldcat, sent(number, number))
        outcomes.add(answer.outcome)
        current = worldcat.current(number)
        assert answer.sent == str(number)
        assert answer.result == str(current or NEW)
        if current not in (None, number):
            assert answer.outcome == "match"
    assert {"match", "field transfer", "replace"} <= outcomes <= {"match", "field transfer", "replace", "create"}


def test_a_number_that_never_was_makes_a_new_record(tmp_path: Path) -> None:
    worldcat = WorldCat(1, tmp_path / "state.json")
    unknown = next(number for number in range(10**6, 2 * 10**6) if worldcat.current(number) is None)
    answer = ask(worldcat, sent(1, unknown))
    assert (answer.outcome, answer.sent, answer.result) == ("create", str(unknown), str(NEW))


def test_a_record_without_a_number_matches_or_is_new_and_sent_again_matches_what_was_made_for_it(tmp_path: Path) -> None:
    worldcat = WorldCat(1, tmp_path / "state.json")
    answers = {mms: worldcat.answer(sent(mms), NEW + mms, FIRST, {}) for mms in range(500)}
    outcomes = [answer.outcome for answer in answers.values()]
    assert {"match", "create", "unresolved"} <= set(outcomes)
    assert outcomes.count("unresolved") < 25
    worldcat.save()
    again = WorldCat(1, tmp_path / "state.json")
    for mms, answer in answers.items():
        if answer.outcome == "create":
            assert again.answer(sent(mms), NEW + 9_999, LATER, {}).outcome == "match"
            assert again.answer(sent(mms), NEW + 9_999, LATER, {}).result == answer.result
            assert again.answer(sent(mms, end=200), NEW + 9_999, FIRST, {}).outcome == "match"  # another holding of it
            assert again.current(int(answer.result)) == int(answer.result)
        elif answer.outcome == "unresolved":
            assert answer.exceptions == ()
            assert again.current(int(answer.result)) is None  # a staging number is no number


def test_the_same_upload_done_over_gets_the_same_answers(tmp_path: Path) -> None:
    worldcat = WorldCat(1, tmp_path / "state.json")
    records = [sent(mms, end=100 + mms) for mms in range(300)]

    def work(worldcat: WorldCat) -> list[Answer]:
        start = worldcat.keep_numbers("one", len(records))
        return [worldcat.answer(record, start + at, FIRST, {}) for at, record in enumerate(records)]

    first = work(worldcat)
    worldcat.keep_numbers("two", 10)
    worldcat.save()
    assert work(WorldCat(1, tmp_path / "state.json")) == first


def test_new_numbers_count_upward_and_are_never_given_twice(tmp_path: Path) -> None:
    worldcat = WorldCat(1, tmp_path / "state.json")
    one = worldcat.keep_numbers("one", 10)
    worldcat.save()
    two = WorldCat(1, tmp_path / "state.json").keep_numbers("two", 10)
    assert FIRST_NEW_NUMBER <= one < one + 10 <= two


def test_a_record_without_a_title_is_sparse(tmp_path: Path) -> None:
    answer = ask(WorldCat(1, tmp_path / "state.json"), sent(1, title=" "))
    assert answer.outcome == "unresolved"
    assert answer.exceptions == (("Validation Error", "CRITICAL", "Record is sparse."),)


def test_a_data_error_has_no_numbers_at_all(tmp_path: Path) -> None:
    answer = ask(WorldCat(1, tmp_path / "state.json"), read(b"not a record at all\x1d", 20))
    assert (answer.lsn, answer.sent, answer.result, answer.outcome) == ("", "", "", "data error")
    assert answer.exceptions == (("Data Error", "", "marc_record_field_length_error"),)
