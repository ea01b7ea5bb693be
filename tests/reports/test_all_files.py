"""Whatever file comes: each of its lines is a row, or refused and shown, or blank and counted; nothing but our own error is
ever raised, and nothing is written by an import that is refused."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oclc_console.errors import InputError
from oclc_console.oclc.reports import EXCEPTIONS, PROCESSING
from oclc_console.operations.import_reports import file_report, report_lines, reports_table
from oclc_console.store.events import ReportFiled, ReportRefused
from oclc_console.store.report_rows import info_path, kept_path, rows_path
from oclc_console.workspace import Workspace, make_workspace
from tests.reports.made_up import SETTINGS, exceptions, key, name_of, processing, run_import, tree

OLD = "metacoll.ZUL.datasync.1000081-1000081.D20190508.T230822450.bibdetailexcpt.1.mrc.txt"
NAMES = [name_of(PROCESSING), name_of(EXCEPTIONS), name_of("BibCrossRefReport"), name_of("BibUnresolvedCrossRefReport"),
         name_of("LbdExceptionReport"), OLD, OLD.replace("bibdetailexcpt.1.mrc", "xrefrpt"), "D120906.R466902.XREFRPT.txt",
         "metacoll.ZUL.ZUL-1-20220602-report.20220806-240829.txt", "renamed.txt", "x.nsk"]
PAIRS = "".join(f"99{i:010d}9999\t{i + 10**9}\n" for i in range(9)).encode()
CONTENTS = [
    processing(12), exceptions(9), PAIRS, b"ocm00000001|Foo /\n1049552268|Foo, Spam.\n",
    b"   OCLC XREF REPORT\n        \n   OCLC        Submitted\n   51296469    a475180       \n   51042192    a475689   \n",
    b"one\n\nIncoming OCLC Number\tStaging\tLocal System Number\tCount\tDescription\tSeverity\n7\t8\t991\t1\tNo 336.\tMINOR\n",
    f"{key(1)}|99110773983506421|12|LBD_REJECTED\n".encode(), b"LSN,OCLC_Number\r\n,(OCoLC)198765401\r\n",
]


def lines_in(content: bytes) -> list[bytes]:
    """The lines of a file, told apart without the reader's help; what follows the last line end is one if it is anything."""
    parts = content.removeprefix(b"\xef\xbb\xbf").split(b"\n" if b"\n" in content else b"\r")
    return parts if parts[-1] else parts[:-1]


def every_line_is_there(workspace: Workspace, event: ReportFiled, name: str, content: bytes) -> None:
    """lines = rows + refused + blank, in the event, in the counts and in the ledger, each with its number and its text."""
    lines = lines_in(content)
    assert event.rows + event.refused + event.blank == len(lines)
    assert event.blank == sum(not line.strip() for line in lines)
    table = pq.read_table(rows_path(workspace, event.symbol, name), columns=["line", "raw", "status", "why"]).to_pylist()
    told = {number: line.rstrip(b"\r").decode("utf-8", "backslashreplace")
            for number, line in enumerate(lines, 1) if line.strip()}
    assert {row["line"]: row["raw"] for row in table} == told and len(table) == len(told)
    assert sum(row["status"] == "refused" for row in table) == event.refused
    assert all(row["why"] for row in table if row["status"] == "refused")
    assert len(event.refused_lines) == min(5, event.refused)


def test_all_real_and_reconstructed_files_import_with_every_line_a_row_or_refused(workspace: Workspace, real: Path) -> None:
    paths = sorted(path for path in [*real.iterdir(), *(real / "reconstructed").iterdir()] if path.is_file())
    files, _ = run_import(workspace, *paths)
    assert [file["file"] for file in files] == [path.name for path in paths]
    infos = {info.name: info for info in reports_table(workspace)}
    for path, file in zip(paths, files, strict=True):
        if path.suffix == ".mrc":
            assert file["type"] == "refused" and "holds MARC records and is no report" in file["reason"]
            continue
        content = path.read_bytes()
        lines = lines_in(content)
        assert file["rows"] + file["refused"] + file["blank"] == len(lines), path.name
        assert file["refused"] == 0 == len(file["refused_lines"]), path.name
        info = infos[path.name]
        assert kept_path(workspace, info.symbol, path.name).read_bytes() == content
        rows = pq.read_table(rows_path(workspace, info.symbol, path.name), columns=["line", "raw", "report"]).to_pylist()
        assert [row["raw"] for row in rows] == [line.rstrip(b"\r").decode() for line in lines if line.strip()]
        assert {row["report"] for row in rows} == {path.name}


def test_all_real_files_import_zipped_with_the_same_rows(workspace: Workspace, real: Path, tmp_path: Path) -> None:
    paths = sorted([*real.glob("*Report*.txt"), *(real / "reconstructed").glob("*rpt.txt")])
    packed = []
    for path in paths:
        with zipfile.ZipFile(tmp_path / f"{path.name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(path, path.name)
        packed.append(tmp_path / f"{path.name}.zip")
    zipped, _ = run_import(workspace, *packed)
    plain, _ = run_import(make_workspace(tmp_path / "plain", SETTINGS), *paths)
    assert [{**file, "file": ""} for file in zipped] == [{**file, "file": ""} for file in plain]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A report with bytes flipped, cut, doubled or put in, columns swapped or dropped, other line ends, BOMs and NULs."""
    content = draw(st.sampled_from(CONTENTS))
    if draw(st.booleans()):
        content = b"\n".join(_moved(line, draw) for line in content.split(b"\n"))
    changed = bytearray(content)
    for _ in range(draw(st.integers(0, 6))):
        at, length = draw(st.integers(0, len(changed))), draw(st.integers(0, 30))
        changed[at : at + length] = draw(st.one_of(st.binary(max_size=12), st.sampled_from(
            [b"", b"|", b"\t", b"\n", b"\r", b"\r\n", b"\n\n", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"||||", b"::bib::",
             b"PK\x03\x04"])))
    begin, end = draw(st.sampled_from([0, 0, 1, 3])), draw(st.one_of(st.none(), st.integers(0, len(changed))))
    whole = bytes(changed[begin:end])
    if draw(st.booleans()):
        whole = whole.replace(b"\n", draw(st.sampled_from([b"\r\n", b"\r", b"\n\n"])))
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + whole


def _moved(line: bytes, draw: st.DrawFn) -> bytes:
    between = b"|" if b"|" in line else b"\t"
    columns = line.split(between)
    if len(columns) > 1 and draw(st.booleans()):
        columns = draw(st.permutations(columns))[: draw(st.integers(1, len(columns)))]
    return between.join(columns)


@pytest.mark.slow
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=mutated(), name=st.sampled_from(NAMES), zipped=st.booleans())
def test_no_mutated_report_raises_or_loses_a_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str, zipped: bool
) -> None:
    workspace = make_workspace(tmp_path_factory.mktemp("w") / "workspace", SETTINGS)
    given_ = content
    if zipped:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(name, content)
        given_, name = packed.getvalue(), f"{name}.zip"
    before = tree(workspace.root)
    event = file_report(workspace, name, given_)
    if isinstance(event, ReportRefused):
        assert event.reason and tree(workspace.root) == before, "what is refused leaves nothing behind"
        assert not content.strip() or b"\x1d" in content or b"PK" in content
        return
    every_line_is_there(workspace, event, name, content)
    assert kept_path(workspace, event.symbol, name).read_bytes() == given_
    assert orjson.loads(info_path(workspace, event.symbol, name).read_bytes())["rows"] == event.rows
    shown = report_lines(workspace, event.symbol, name, 0, 10_000)
    assert len(shown) == event.rows + event.refused
    again = file_report(workspace, name, given_)
    assert isinstance(again, ReportFiled) and again.already


@given(st.binary(max_size=200), st.sampled_from(NAMES))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_bytes_at_all_raise_anything_but_our_own_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    workspace = make_workspace(tmp_path_factory.mktemp("w") / "workspace", SETTINGS)
    try:
        event = file_report(workspace, name, content)
    except InputError as error:
        pytest.fail(f"an import tells what is wrong with a file in its event, and goes on: {error}")
    assert isinstance(event, ReportFiled | ReportRefused)
    if isinstance(event, ReportFiled):
        every_line_is_there(workspace, event, name, content)
