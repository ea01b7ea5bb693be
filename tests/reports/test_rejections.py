"""OCLC's exceptions as TinyDB documents, paged from disk."""

from __future__ import annotations

import os
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tinydb import TinyDB, where

from oclc_console.errors import InputError
from oclc_console.oclc.reports import EXCEPTIONS, PROCESSING
from oclc_console.operations.import_reports import file_report
from oclc_console.store.rejections import (
    ExceptionFile,
    all_exceptions,
    open_exceptions,
    open_in_tinydb,
    records,
    write_exceptions,
)
from oclc_console.workspace import Workspace, make_workspace
from tests.reports.made_up import EPOCH, SETTINGS, exceptions, key, name_of, processing

NAME = name_of(EXCEPTIONS)


def filed(workspace: Workspace, content: bytes, name: str = NAME) -> ExceptionFile:
    file_report(workspace, name, content)
    return open_exceptions(workspace, "ZUL", name)


def test_stock_tinydb_opens_the_file_and_finds_the_same_documents(workspace: Workspace) -> None:
    ours = filed(workspace, exceptions(30))
    with TinyDB(ours.path, access_mode="r", encoding="utf-8") as db:
        table = db.table("exceptions")
        assert [dict(document) for document in table.all()] == list(ours)
        assert [document.doc_id for document in table.all()] == list(range(1, 31))
        severe = table.search(where("severity") == "SEVERE")
        assert [dict(document) for document in severe] == [ours[i] for i in ours.matching("severe")]
    with open_in_tinydb(workspace, "ZUL", NAME) as db:
        assert len(db.table("exceptions")) == 30


def test_a_document_says_all_that_its_line_said(workspace: Workspace) -> None:
    line = f"{key(2527306)}|99127172958506421|7|1390150126|Validation Error|CRITICAL|Record is sparse."
    (document,) = filed(workspace, line.encode() + b"\n")
    assert document == {
        "line": 1, "key": key(2527306), "lsn": "99127172958506421", "n": 2527306, "ocn_in": 7, "ocn_out": 1390150126,
        "type": "Validation Error", "severity": "CRITICAL", "text": "Record is sparse.", "outcome": None,
        "raw": line, "original": "1000081.zul.all.20201103.001.mrc", "received": "2020-11-03T08:12:00.123Z"}


@pytest.mark.parametrize(
    "text", ["[/red] [Letters]", "=1+1", "\x1b[2J\x00\x07", '"quoted" \\ back', "日本語 é \u2028 end", "a | b"]
)
def test_texts_come_back_as_they_came(workspace: Workspace, text: str) -> None:
    (document,) = filed(workspace, f"{key(1)}|991|||Validation Error|MINOR|{text}\n".encode())
    assert document["text"] == text
    assert document["raw"].endswith(text)


def test_ids_are_text_and_numbers_are_whole_numbers_or_none(workspace: Workspace) -> None:
    for document in filed(workspace, exceptions(6)):
        assert type(document["lsn"]) is str and type(document["ocn_out"]) is int and document["ocn_in"] is None


def test_rejections_that_only_the_processing_report_tells_of_are_documents_too(workspace: Workspace) -> None:
    content = processing(40) + f"{key(41)}|9941|||Set Aside\n{key(42)}|9942|5|5|processing error\n".encode()
    documents = list(filed(workspace, content, name_of(PROCESSING)))
    assert {document["type"] for document in documents} == {"Outcome"}
    assert [document["text"] for document in documents] == [
        "unresolved", "unresolved", "unresolved", "data error", "unresolved", "Set Aside", "processing error"]
    assert all(document["text"] == document["outcome"] and document["severity"] == "" for document in documents)


def test_a_line_of_an_exception_report_that_cannot_be_read_is_a_document_too(workspace: Workspace) -> None:
    documents = filed(workspace, exceptions(3) + b"half a line\n")
    assert len(documents) == 4
    document = documents[3]
    assert (document["type"], document["raw"], document["lsn"], document["key"]) == (
        "Unreadable line", "half a line", None, "")
    assert ("ZUL", f"{NAME}, line 4") in records(workspace)


def test_pages_are_those_of_a_list(workspace: Workspace) -> None:
    file = filed(workspace, exceptions(120))
    everything = list(file)
    assert len(file) == len(everything) == 120
    assert file.page(100, 50) == everything[100:150] and file.page(500, 50) == [] and file.page(-3, 2) == everything[:2]
    assert file[-1] == everything[-1] and file[3:9:2] == everything[3:9:2]
    with pytest.raises(IndexError):
        file[120]


def test_text_is_found_in_number_severity_and_sentence_whatever_its_case(workspace: Workspace) -> None:
    file = filed(workspace, exceptions(30) + f"{key(1)}|991||| Data Error||Crosswalk_Error\n".encode())
    assert file.matching("CROSSWALK") == [30]
    assert file.matching("critical") == [i for i in range(30) if i % 3 == 2]
    assert file.matching("9900000000049999") == [12, 13, 14]
    assert file.matching("Validation") == file.matching("nowhere") == file.matching("a\nb") == []
    assert file.matching("") == list(range(31))


def test_all_reports_are_one_list_with_the_newest_upload_first(workspace: Workspace) -> None:
    filed(workspace, processing(100), name_of(PROCESSING))
    newer = name_of(PROCESSING, time="041200123")
    filed(workspace, processing(50, EPOCH + 3_600_000), newer)
    filed(workspace, b"991\t12\n", name_of("BibCrossRefReport"))
    everything = all_exceptions(workspace)
    per_hundred = 10 + 3  # unresolved, and data errors at 33, 66 and 99
    assert len(everything) == per_hundred + 6
    assert [each["report"] for each in everything.page(0, 50)] == [newer] * 6 + [name_of(PROCESSING)] * per_hundred
    assert everything.page(5, 3) == list(everything)[5:8]
    assert {each["symbol"] for each in everything.page(0, 3)} == {"ZUL"}
    assert [everything[i]["text"] for i in everything.matching("data error")] == ["data error"] * 4
    assert len(all_exceptions(workspace, "ZMD")) == 0 and all_exceptions(workspace, "ZMD").page(0, 50) == []
    everything.close()


def test_many_reports_are_read_without_keeping_them_all_open(workspace: Workspace) -> None:
    for i in range(40):
        name = name_of(EXCEPTIONS, time=f"0312{i:02d}123")
        filed(workspace, exceptions(2).replace(b"650", str(i).encode()), name).close()
    everything = all_exceptions(workspace)
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0
    assert len(list(everything)) == len(everything.matching("2nd")) == 80
    after = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0
    assert after - before <= 20
    everything.close()


def test_records_complained_about_are_told_apart_with_or_without_a_local_number(workspace: Workspace) -> None:
    filed(workspace, exceptions(9))
    filed(workspace, processing(40), name_of(PROCESSING))
    found = records(workspace, "ZUL")
    everything = all_exceptions(workspace)
    assert ("ZUL", key(33_000)) in found
    assert sorted(at for places in found.values() for at in places) == list(range(len(everything)))
    assert len(found) == 3 + 5


@pytest.mark.parametrize("harm", ["missing", "torn", "empty", "noise", "of another file"])
def test_an_index_that_is_lost_or_broken_is_made_again(workspace: Workspace, harm: str) -> None:
    file = filed(workspace, exceptions(30))
    expected, index = list(file), file.path.with_name(file.path.name + ".idx")
    sound = index.read_bytes()
    if harm == "missing":
        index.unlink()
    elif harm == "of another file":
        other = filed(workspace, exceptions(12), name_of(EXCEPTIONS, time="041200123"))
        index.write_bytes(other.path.with_name(other.path.name + ".idx").read_bytes())
    else:
        index.write_bytes({"torn": sound[: len(sound) // 2], "empty": b"", "noise": b"\xff" * 500}[harm])
    assert list(open_exceptions(workspace, "ZUL", NAME)) == expected
    assert index.read_bytes() == sound


def test_an_index_older_than_its_documents_is_believed_only_when_their_bytes_are_the_same(workspace: Workspace) -> None:
    file = filed(workspace, exceptions(30))
    index = file.path.with_name(file.path.name + ".idx")
    swapped = file.path.read_bytes().replace(b'"MINOR"', b'"OTHER"')
    file.close()
    file.path.write_bytes(swapped)
    os.utime(index, (1, 1))
    again = open_exceptions(workspace, "ZUL", NAME)
    assert again.matching("minor") == [] and len(again.matching("other")) == 10


def test_exceptions_that_somebody_altered_are_refused_with_what_to_do(workspace: Workspace) -> None:
    path = filed(workspace, exceptions(3)).path
    with TinyDB(path) as db:
        db.table("exceptions").insert({"text": "mine"})
    with pytest.raises(InputError, match="not as they were written") as raised:
        open_exceptions(workspace, "ZUL", NAME)
    assert "import" in str(raised.value) and str(path) in str(raised.value)
    path.write_bytes(b"")
    with pytest.raises(InputError):
        open_exceptions(workspace, "ZUL", NAME)
    path.unlink()
    with pytest.raises(InputError, match="not here"):
        open_exceptions(workspace, "ZUL", NAME)
    file_report(workspace, NAME, exceptions(3))
    assert len(open_exceptions(workspace, "ZUL", NAME)) == 3


def test_a_report_with_no_exceptions_is_an_empty_tinydb(workspace: Workspace) -> None:
    file = filed(workspace, f"{key(1)}|991|1|1|match\n".encode(), name_of(PROCESSING))
    assert len(file) == 0 and file.page(0, 50) == [] and file.matching("x") == []
    assert orjson.loads(file.path.read_bytes()) == {"exceptions": {}}
    assert write_exceptions(workspace, "ZUL", "again.txt", []) == 0


A_TEXT = st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=30)


@pytest.mark.slow
@given(texts=st.lists(A_TEXT, min_size=1, max_size=8))
def test_whatever_the_texts_hold_they_come_back_and_are_found(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    workspace = make_workspace(tmp_path_factory.mktemp("w") / "workspace", SETTINGS)
    content = "".join(f"{key(i)}|99{i}|||Validation Error|MINOR|.{text}.\n" for i, text in enumerate(texts, 1))
    file = filed(workspace, content.encode())
    assert [document["text"] for document in file] == [f".{text}." for text in texts]
    for i, text in enumerate(texts):
        assert i in file.matching(f".{text}.")
