"""The conditions before something is sent that OCLC or Alma can't give back: uploading files, submitting a Data Sync
collection, and writing OCLC's numbers back. Pure.
Source: facts/library-practice.md 3.4, which has them from OCLC's help pages and from libraries.
"""

from __future__ import annotations

from oclc_console.project.conditions import (
    Case,
    Condition,
    Facts,
    Verdict,
    green,
    not_applicable,
    nothing_left,
    red,
    said_yes,
)

RECORDS_IN_A_FILE = 3_000_000  # OCLC: fewer than about so many
TEST_RECORDS = 5
TYPES = {"bib": "bibliographic", "lhr": "local holdings", "delete": "delete"}  # kind of a stream -> type on OCLC's form


def _set_count(_case: Case, facts: Facts) -> Verdict:
    in_set = facts.number("in_set")
    if facts.value("set_count") is None:
        return not_applicable("Alma's own count of the set was not stated; where it is, it is compared")
    apart = facts.number("set_count") - in_set
    if apart:
        return red(f"Alma counted {facts.number('set_count'):,}, the files hold {in_set:,}: {abs(apart):,} "
                   f"{'missing' if apart > 0 else 'too many'}", "Look for a file that is missing, or publish the set again.")
    return green(f"Alma counted {in_set:,}, and so do we")


def _accepted(key: str, what: str) -> Condition:
    def judged(_case: Case, facts: Facts) -> Verdict:
        count, why = facts.number(key), facts.text(f"{key}_accepted")
        if not count:
            return green(f"none {what}")
        if why:
            return green(f"{count:,} {what}, accepted: {why}")
        return red(f"{count:,} {what}", "Change the streams' keep rules, or prepare with --accept-unrouted and the reason.")
    names = {"unrouted": ("routed", "Every record has a stream, or somebody said why not"),
             "double": ("one-stream", "No record is wanted by two streams, or somebody said why")}
    return Condition(*names[key], (key,), judged, (f"{key}_accepted",))


def _size(_case: Case, facts: Facts) -> Verdict:
    count = facts.number("largest_file_records")
    if count < RECORDS_IN_A_FILE:
        return green(f"the largest file has {count:,} records")
    return red(f"a file has {count:,} records", "Set records_per_file in console.toml, and prepare again.")


UPLOAD = (
    Condition("names", "Name, collection and symbol of every file agree", ("files_misnamed",),
              nothing_left("files_misnamed", "file with a name that disagrees", "files with names that disagree",
                           "Prepare them again.")),
    Condition("set-count", "The files hold as many records as Alma's set", ("in_set",), _set_count, ("set_count",)),
    _accepted("unrouted", "unrouted"),
    _accepted("double", "wanted by two streams"),
    Condition("duplicate-lsns", "No local number stands twice", ("duplicate_lsns",),
              nothing_left("duplicate_lsns", "local number twice", "local numbers twice",
                           "Look at the lsn key in console.toml: with a record a holding it must be the holding's number. "
                           "Then prepare again.")),
    Condition("not-sent-before", "No waiting file was sent before", ("files_sent_before",),
              nothing_left("files_sent_before", "waiting file that was sent before", "waiting files that were sent before",
                           "Take them out, or send them on purpose: upload --again FILE --reason R.")),
    Condition("size", "No file is larger than OCLC takes", ("largest_file_records",), _size),
)


def _same(left: str, right: str, form: str, ours: str) -> Verdict:
    if left == right:
        return green(f"{left} in both")
    return red(f"{left} {form}, {right} {ours}", "Mend the one that is wrong before submitting: OCLC freezes it then.")


def _symbol(_case: Case, facts: Facts) -> Verdict:
    return _same(facts.text("collection_symbol").upper(), facts.text("stream_symbol").upper(), "on OCLC's form",
                 "in console.toml")


def _type(_case: Case, facts: Facts) -> Verdict:
    return _same(facts.text("collection_type"), TYPES[facts.text("stream_kind")], "on OCLC's form",
                 "is what the stream sends")


def _match(_case: Case, facts: Facts) -> Verdict:
    if facts.text("stream_kind") != "bib":
        return not_applicable("only a bibliographic collection matches records")
    if not facts.text("match_type"):
        return red("not known: match type of the collection", "Enter it with its source: Collection Manager.")
    return _same(facts.text("match_type"), facts.text("stream_match"), "on OCLC's form", "in console.toml")


def _lsn(_case: Case, facts: Facts) -> Verdict:
    first = facts.text("stream_lsn").partition(",")[0]
    return _same(facts.text("lsn_tag").replace(" ", ""), first.replace(" ", ""), "on OCLC's form",
                 "comes first in console.toml")


def _test(_case: Case, facts: Facts) -> Verdict:
    back = facts.number("test_records_back")
    if back >= TEST_RECORDS:
        return green(f"{back} test records came back")
    return red(f"{back} of {TEST_RECORDS} test records came back", "Send a file of five records and wait for its report.")


SUBMIT = (
    Condition("symbol", "The collection is under the right symbol", ("collection_symbol", "stream_symbol"), _symbol),
    Condition("type", "The collection has the right type", ("collection_type", "stream_kind"), _type),
    Condition("match", "The match type is the right one", ("stream_kind", "stream_match"), _match, ("match_type",)),
    Condition("lsn", "The local number is read from the holding's number", ("lsn_tag", "stream_lsn"), _lsn),
    Condition("test", "A test file of five records came back", ("test_records_back",), _test),
)


def _of_this_write_back(key: str, yes: str, no: str, then: str) -> Condition:
    def judged(_case: Case, facts: Facts) -> Verdict:
        if facts.value(key) is not True:
            return red(no, then)
        said, report = facts.day_of(key), facts.text("newest_report_day")
        if said < report:
            return red(f"{yes}, but on {said}, before the newest report of {report}", then)
        return green(yes)
    ids = {"before_image_kept": ("before-image", "The records as they were are kept"),
           "sample_of_20_seen": ("sample", "Somebody looked at 20 of the records")}
    return Condition(*ids[key], (key, "newest_report_day"), judged)


WRITEBACK = (
    Condition("newest", "It is made of the newest reports", ("newest_report_loaded",),
              said_yes("newest_report_loaded", "made of the newest reports", "a newer report has come",
                       "Make the write-back again.")),
    _of_this_write_back("before_image_kept", "kept", "the records as they were are not kept",
                        "Export the records from Alma first, and say where they are kept."),
    Condition("reproductions", "Numbers of reproductions are not written to the bib", ("reproductions_left_out",),
              said_yes("reproductions_left_out", "left out", "reproductions are among them",
                       "Leave the streams of reproductions out of the bib's load.")),
    _of_this_write_back("sample_of_20_seen", "a sample of 20 was looked at", "no sample was looked at",
                        "Open 20 records of the files and compare them with Alma."),
    Condition("unchanged", "No record was changed in Alma since", ("changed_in_alma_since",),
              nothing_left("changed_in_alma_since", "record changed in Alma since the export",
                           "records changed in Alma since the export", "Hold them back, or export and match them again.")),
)
