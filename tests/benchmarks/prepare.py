"""How fast prepare is beside its peers, all in one run on one generated file: medians of CPU seconds (user and system, child
processes included) and of wall time, every pass in a process of its own, the file in memory. Ours are the command itself.

    python -m tests.benchmarks.prepare [--records N] [--times K] [--memory] [--json]

    pass           structure, six routing rules, ids, digests, split and ledger: prepare with one worker
    pass, one core the same, held to one core: with one worker, too, digests and ledger are made in another thread
    two workers    the same with --workers 2
    lint           the same, and every lint rule on every record: prepare as people run it
    lint, two      the same with --workers 2
    yaz-marcdump   reads, splits (-s -C) and rewrites (-o marc); decides nothing
    pymarc, mrrc   read every record and write it
    cat            copies the file

What is not installed is told as "not here" and is null in the JSON."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.benchmarks.corpus import CONSOLE_TOML, write_corpus

XML_RECORDS = 30_000
NOT_IN_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1c]")  # but for 0x1D to 0x1F, which are the record's own


@dataclass(frozen=True)
class Measured:
    """The medians of one peer, and its highest memory in MB."""

    cpu: float
    wall: float
    memory: float


def our_command(source: Path, out: Path, *, workers: int, lint: bool) -> list[str]:
    """The command prepare, with every lint rule on, or with every one off, in a workspace made for it."""
    from oclc_console.marc.lint import RULES
    from oclc_console.marc.lint.sets import SET_RULES
    from oclc_console.workspace import make_workspace

    off = [] if lint else [*RULES, *SET_RULES]
    workspace = make_workspace(out / "workspace", CONSOLE_TOML + f"[symbols.ZMD.lint]\noff = {json.dumps(off)}\n")
    return [sys.executable, "-m", "oclc_console", "--workspace", str(workspace.root), "prepare", "ZMD", str(source),
            "--accept-unrouted", "a benchmark", "--workers", str(workers)]


def with_pymarc(source: Path, out: Path) -> None:
    """Read and write, by pymarc."""
    import pymarc

    with open(source, "rb") as read, open(out / "out.mrc", "wb") as write:
        for record in pymarc.MARCReader(read, permissive=True):
            assert record is not None
            write.write(record.as_marc())


def with_mrrc(source: Path, out: Path) -> None:
    """Read and write, by mrrc."""
    import mrrc  # type: ignore[import-not-found, import-untyped, unused-ignore]

    with open(source, "rb") as read, open(out / "out.mrc", "wb") as write:
        for record in mrrc.MARCReader(read):
            write.write(record.as_marc())


def our_xml(source: Path, out: Path) -> None:
    """MARCXML to binary, by us."""
    from oclc_console.alma.published import scan_published

    with open(out / "out.mrc", "wb") as write:
        for found in scan_published(source):
            write.write(found.raw)


def pymarc_xml(source: Path, out: Path) -> None:
    """MARCXML to binary, by pymarc."""
    import pymarc

    with open(out / "out.mrc", "wb") as write:
        pymarc.map_xml(  # type: ignore[no-untyped-call]
            lambda record: write.write(record.as_marc()), str(source))


def write_xml(source: Path, target: Path, records: int) -> None:
    """The first records of a binary file, but for those with characters that XML has no room for, as MARCXML."""
    import pymarc

    with open(source, "rb") as read, open(target, "wb") as write:
        writer = pymarc.XMLWriter(write)
        for record in itertools.islice(pymarc.MARCReader(read), records):
            assert record is not None
            if not NOT_IN_XML.search(record.as_marc()):
                writer.write(record)
        writer.close(close_fh=False)


ONE_CORE = ("import os, sys; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
            "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])")
OURS = {
    "pass": {"workers": 1, "lint": False}, "pass, one core": {"workers": 1, "lint": False},
    "two workers": {"workers": 2, "lint": False},
    "lint": {"workers": 1, "lint": True}, "lint, two": {"workers": 2, "lint": True},
}
PYTHON: dict[str, tuple[Callable[[Path, Path], None], str | None]] = {  # and the package without which it can't be
    "pymarc": (with_pymarc, "pymarc"), "mrrc": (with_mrrc, "mrrc"),
}
XML = {"MARCXML": (our_xml, None), "pymarc, MARCXML": (pymarc_xml, "pymarc")}
PROGRAMS = {
    "yaz-marcdump": 'cd "$1" && yaz-marcdump -i marc -o marc -s part -C 100000 "$0" > whole.mrc',
    "cat": 'cat "$0" > "$1/out.mrc"',
}


def command_of(peer: str, source: Path, out: Path) -> list[str] | None:
    """The command that runs a peer; None when it is not here."""
    if peer in OURS:
        if peer == "pass, one core" and not hasattr(os, "sched_setaffinity"):
            return None
        command = our_command(source, out, workers=OURS[peer]["workers"], lint=bool(OURS[peer]["lint"]))
        return [sys.executable, "-c", ONE_CORE, *command[1:]] if peer == "pass, one core" else command
    if peer in PROGRAMS:
        return ["sh", "-c", PROGRAMS[peer], str(source), str(out)] if shutil.which(peer) else None
    _, package = {**PYTHON, **XML}[peer]
    if package is not None and find_spec(package) is None:
        return None
    return [sys.executable, "-m", "tests.benchmarks.prepare", "--run", peer, str(source), str(out)]


def measure(peer: str, source: Path, folder: Path) -> Measured | None:
    """One run of a peer, in a fresh process and a fresh folder; None when it is not here."""
    out = Path(tempfile.mkdtemp(dir=folder))
    command = command_of(peer, source, out)
    if command is None:
        return None
    os.sync()  # what the peer before wrote is not written while this one is measured
    with open(source, "rb") as handle:
        while handle.read(1 << 20):  # every peer finds the file in memory
            pass
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode > (peer in OURS):  # 1 says that records were accepted unrouted
        raise SystemExit(f"{peer} failed")
    memory = used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    measured = Measured(used.ru_utime + used.ru_stime, time.perf_counter() - began, memory)
    shutil.rmtree(out)
    return measured


def medians(runs: Iterable[Measured | None]) -> Measured | None:
    """The medians of a peer's runs; None when it is not here."""
    here = [run for run in runs if run is not None]
    return Measured(*(statistics.median(getattr(run, name) for run in here) for name in ("cpu", "wall", "memory"))) \
        if here else None


def compare(folder: Path, records: int, times: int) -> tuple[dict[str, Any], list[str]]:
    """Every peer on one file: the ratios, and the table in words."""
    source, xml = folder / "records.mrc", folder / "records.xml"
    size = write_corpus(source, records)
    write_xml(source, xml, XML_RECORDS)
    inputs = {**dict.fromkeys((*OURS, *PYTHON, *PROGRAMS), source), **dict.fromkeys(XML, xml)}
    rounds = [{peer: measure(peer, file, folder) for peer, file in inputs.items()} for _ in range(times)]  # one after the other
    found = {peer: medians(each[peer] for each in rounds) for peer in inputs}
    lines = [f"{records:,} records, {size / 1e6:,.1f} MB; medians of {times}", "",
             f"{'':<16}{'CPU s':>8}{'wall s':>8}{'records per CPU s':>19}{'MB':>6}"]
    for peer, measured in found.items():
        count = min(records, XML_RECORDS) if peer in XML else records
        lines.append(f"{peer:<16}" + ("not here" if measured is None else
                     f"{measured.cpu:>8.2f}{measured.wall:>8.2f}{count / measured.cpu:>19,.0f}{measured.memory:>6.0f}"))

    def ratio(ours: str, theirs: str, what: str = "cpu") -> float | None:
        one, other = found[ours], found[theirs]
        return round(getattr(other, what) / getattr(one, what), 2) if one and other else None

    ratios = {"pass_vs_yaz": ratio("pass", "yaz-marcdump"), "pass_vs_pymarc": ratio("pass", "pymarc"),
              "lint_vs_pymarc": ratio("lint", "pymarc"), "marcxml_vs_pymarc": ratio("MARCXML", "pymarc, MARCXML"),
              "two_workers": ratio("two workers", "pass", "wall"),
              "two_workers_vs_one_core": ratio("two workers", "pass, one core", "wall"),
              "lint_two_workers": ratio("lint, two", "lint", "wall")}
    lines += ["", *(f"{name.replace('_', ' ')}: {'not here' if value is None else value}" for name, value in ratios.items())]
    return {"ratios": ratios}, lines


def memory(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """The highest memory of one pass over 100,000 records and over a million, and of one with lint."""
    peaks: dict[str, dict[int, float]] = {"pass": {}, "lint": {}}
    for records in (100_000, 1_000_000):
        source = folder / f"{records}.mrc"
        write_corpus(source, records)
        for peer, peak in peaks.items():
            measured = measure(peer, source, folder)
            assert measured is not None
            peak[records] = measured.memory
        source.unlink()
    lines = [f"peak memory, {peer}: {peak[100_000]:.0f} MB at 100,000 records, {peak[1_000_000]:.0f} MB at 1,000,000 "
             f"({peak[1_000_000] / peak[100_000] - 1:+.1%})" for peer, peak in peaks.items()]
    return ({"memory_mb": {peer: {str(records): round(mb, 1) for records, mb in peak.items()}
                           for peer, peak in peaks.items()}}, lines)


def main() -> None:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=300_000, metavar="N")
    parser.add_argument("--times", type=int, default=3, metavar="K", help="runs of each peer; medians are told (default 3)")
    parser.add_argument("--memory", action="store_true", help="only the peak memory at 100,000 and 1,000,000 records")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--run", nargs=3, metavar=("PEER", "FILE", "OUT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        peer, source, out = options.run
        {**PYTHON, **XML}[peer][0](Path(source), Path(out))
        return
    with tempfile.TemporaryDirectory() as folder:
        result, lines = memory(Path(folder)) if options.memory else compare(Path(folder), options.records, options.times)
    print(json.dumps(result, indent=2) if options.json else "\n".join(lines))


if __name__ == "__main__":
    main()
