"""What the name of a report tells: whose it is, which collection, when OCLC received the file, what that file was
called, and which kind of report it is. Not for the names we give to uploads (names.py), and never the last word on
what a report holds: its rows are (reports.py).

Source: OCLC, "My Files: reports", and real names. Since July 2020
`<sender>-<symbol>.<collection>.IN.BIB.D<day>.T<time>.<original name>.<report word>.txt`; the original name keeps its
own dots, so a name is read from both ends. Before that `metacoll.<symbol>.datasync.<collection>.D<day>.T<time>.<report
word>.txt`. Times are US Eastern local time, daylight saving included (proved by the instant in the record keys), to
the second or the millisecond. Batchload (to about 2016): `D<yymmdd>.R<job>.XREFRPT.txt`, `REPORT.<...>.R<job>.CXREF`, which
say nothing of symbol and collection, and of the time no more than the day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_EASTERN = ZoneInfo("America/New_York")
_SYMBOL = r"[A-Za-z0-9@$#_]{1,40}"
_UNESCAPES = {"_64": "@", "_36": "$", "_35": "#"}

_SINCE_2020 = re.compile(
    rf"(?P<sender>{_SYMBOL})-(?P<symbol>{_SYMBOL})\.(?P<collection>\d{{7}})\.(?:IN\.)?(?P<folder>[A-Z]{{2,10}})"
    r"\.D(?P<day>\d{8})\.T(?P<time>\d{9}|\d{6})\.(?P<original>.+)\.(?P<report>[A-Za-z]+Report)\.txt(?:\.zip)?",
    re.ASCII,
)
_BEFORE_2020 = re.compile(
    rf"metacoll\.(?P<symbol>{_SYMBOL})\.datasync\.(?P<collection>[^.]+)\.[DWMQ](?P<day>\d{{8}})"
    r"\.T(?P<time>\d{9}|\d{6})\.(?P<report>[A-Za-z]+)(?:\.\d+\.mrc)?\.txt(?:\.zip)?",
    re.ASCII,
)
_SCAN_DELETE = re.compile(
    rf"metacoll\.(?P<symbol>{_SYMBOL})\.[^.]+-(?P<report>report)\.(?P<day>\d{{8}})-(?P<time>\d{{6}})\.txt(?:\.zip)?",
    re.ASCII,
)
_BATCHLOAD = re.compile(r"(?:D(?P<day>\d{6})|REPORT\..+)\.R\d+\.(?P<report>C?XREF(?:RPT)?)(?:\.txt)?(?:\.zip)?",
                        re.ASCII | re.IGNORECASE)
SCAN_DELETE = "ScanDeleteList"
BATCHLOAD_XREF = "XREFRPT"


@dataclass(frozen=True)
class ReportName:
    """A report's name taken apart. `folder` is where the file had been put (`IN.BIB`, `IN.LHR`; empty in old names),
    `received` the instant OCLC received it (UTC; None when the name holds no possible time), `original` the uploaded
    file's own name (empty in old names), `report` the report word (`BibProcessingReport`, `xrefrpt`)."""

    name: str
    sender: str
    symbol: str
    collection: str
    folder: str
    received: datetime | None
    original: str
    report: str

    @property
    def is_bib(self) -> bool:
        """Whether the file was sent as bibliographic records (LHR reports have layouts of their own)."""
        return self.folder in ("", "IN.BIB")


def unescape_symbol(written: str) -> str:
    """The symbol that OCLC wrote in a place where `@ $ #` can't stand: `A_36B` is `A$B`. Always in capitals."""
    if "_" not in written:
        return written.upper()
    return re.sub("_(?:64|36|35)", lambda escape: _UNESCAPES[escape[0]], written).upper()


def parse_report_name(name: str) -> ReportName | None:
    """A report's name taken apart, or None when it has none of OCLC's forms (a person may have renamed it)."""
    if parts := _SINCE_2020.fullmatch(name):
        return ReportName(
            name, unescape_symbol(parts["sender"]), unescape_symbol(parts["symbol"]), parts["collection"],
            f"IN.{parts['folder']}", received_at(parts["day"], parts["time"]), parts["original"], parts["report"],
        )
    if batchload := _BATCHLOAD.fullmatch(name):
        day = received_at(f"20{batchload['day']}", "000000") if batchload["day"] else None
        return ReportName(name, "", "", "", "", day, "", BATCHLOAD_XREF)
    old, report = _BEFORE_2020.fullmatch(name), ""
    if old is None and (old := _SCAN_DELETE.fullmatch(name)):
        report = SCAN_DELETE
    if old is None:
        return None
    symbol = unescape_symbol(old["symbol"])
    collection = re.match(r"\d{7}(?!\d)", old.groupdict().get("collection", ""), re.ASCII)
    return ReportName(name, symbol, symbol, collection[0] if collection else "", "",
                      received_at(old["day"], old["time"]), "", report or old["report"])


def received_at(day: str, time: str) -> datetime | None:
    """The instant meant by `20230712` and `115732756` (or `115732`) in US Eastern local time; hour 24, which OCLC
    writes, is the next day's hour 0. None for a time that can't be. In the hour that autumn repeats, the earlier one
    is taken: the record keys tell exactly."""
    hours, minutes, seconds = int(time[:2]), int(time[2:4]), int(time[4:6])
    if hours > 24 or minutes > 59 or seconds > 59:
        return None
    since_midnight = timedelta(hours=hours, minutes=minutes, seconds=seconds, milliseconds=int(time[6:] or 0))
    try:
        local = datetime.strptime(day, "%Y%m%d") + since_midnight
        return local.replace(tzinfo=_EASTERN).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
