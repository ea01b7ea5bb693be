"""The conditions before holdings are removed at OCLC for good: the scan/delete date (eleven), retiring a symbol, and unsetting
with cascade. The last one of each, the second person, is judged from the signatures (gates.py). Pure.
Source: facts/library-practice.md 3.4 and 0, fact 12 (the cut-off trap).
"""

from __future__ import annotations

import re

from oclc_console.project.conditions import Case, Condition, Facts, Verdict, green, many, nothing_left, red, said_yes
from oclc_console.project.evidence import is_day


def _uploaded(_case: Case, facts: Facts) -> Verdict:
    prepared, sent, reported = (facts.number(f"files_{word}") for word in ("prepared", "sent", "reported"))
    doubt, refused = facts.number("files_in_doubt"), facts.number("files_refused")
    if not prepared:
        return red("nothing was prepared", "Prepare and upload the symbol's export.")
    if doubt or refused:
        return red(f"{many(doubt, 'file')} in doubt, {refused:,} refused or set aside",
                   "Settle them in Runs; send what is missing.")
    if sent != prepared:
        return red(f"{sent:,} of {prepared:,} files sent", "Upload the rest.")
    if reported != prepared:
        return red(f"{reported:,} of {prepared:,} files have a report: not yet the others", "Fetch; ask OCLC for what is late.")
    return green(f"{sent:,} of {prepared:,} files sent, each with its report")


def _accounted(_case: Case, facts: Facts) -> Verdict:
    sent, accounted = facts.number("sent"), facts.number("accounted")
    missing, reruns = facts.number("not_reported"), facts.number("reruns_unsettled")
    if not sent:
        return red("no record was sent", "Upload the symbol's export.")
    if sent != accounted or missing:
        return red(f"{accounted:,} of {sent:,} records sent are accounted for, {missing:,} not reported",
                   "Fetch the reports that are missing; ask OCLC about the rest.")
    if reruns:
        return red(f"{many(reruns, 'rerun is', 'reruns are')} not settled",
                   "Wait for the whole report of the rerun, and fetch it.")
    return green(f"{accounted:,} of {sent:,} records sent are accounted for, no rerun open")


def _unrouted(_case: Case, facts: Facts) -> Verdict:
    count, why = facts.number("unrouted"), facts.text("unrouted_accepted")
    if not count:
        return green("none unrouted")
    before = f" (left out when prepared: {why})" if why else ""
    return red(f"{count:,} unrouted{before}: they would lose their holding",
               "Route and send them, or sign with a reason that they lose it.")


def _unresolved(case: Case, facts: Facts) -> Verdict:
    unresolved, errors = facts.number("unresolved"), facts.number("data_errors")
    left = f"{unresolved:,} unresolved and {errors:,} that OCLC could not take"
    said, report = facts.text("leftovers_accepted_by"), facts.text("newest_report_day")
    if not unresolved and not errors:
        return green("none unresolved")
    if not said:
        return red(f"{left} would lose their holding", "Mend and send them, or enter who accepts the list, library by library.")
    on = facts.day_of("leftovers_accepted_by")
    if not report or on < report:
        return red(f"{left}; accepted by {said} on {on}, and the newest report is of {report or 'a day not known'}",
                   "Show the libraries the new list, and enter it again.")
    agreed = {word.upper() for word in re.split(r"[\s,;]+", said)}
    missing = [library for library in case.libraries if library.upper() not in agreed]
    if missing:
        return red(f"{left}; not accepted yet by {', '.join(missing)}", "Each library accepts its list: enter all their codes.")
    return green(f"{left}; accepted by {said}")


def _ocn_changes(_case: Case, facts: Facts) -> Verdict:
    changed, reviewed = facts.number("ocn_changed"), facts.number("ocn_changes_reviewed")
    words = f"{reviewed:,} of {changed:,} changes reviewed"
    return green(words) if reviewed == changed else red(words, "Review them under OCN changes.")


def _left_out(_case: Case, facts: Facts) -> Verdict:
    left = f"{facts.number('excluded'):,} excluded, {facts.number('quarantined'):,} not MARC, and all that was not in the set"
    said, export = facts.day_of("excluded_signed_by"), facts.text("extraction_day")
    if said < export:
        return red(f"{left}: signed by {facts.text('excluded_signed_by')} on {said}, before the export of {export}",
                   "Show what was left out of this export, and enter it again.")
    return green(f"{left}: signed by {facts.text('excluded_signed_by')}")


def _cutoff(case: Case, facts: Facts) -> Verdict:
    proposed, export = facts.text("cutoff_proposed"), facts.text("extraction_day")
    if not is_day(case.subject):
        return red(f"{case.subject!r} is not a day", "Name the cut-off day as YYYY-MM-DD.")
    if case.subject != proposed:
        return red(f"OCLC proposed {proposed}, not {case.subject}", "Sign for the day OCLC proposed, or ask OCLC for another.")
    if case.subject > export:
        return red(f"{case.subject} is later than the export of {export}: what was sent would go too",
                   f"Ask OCLC for {export} or an earlier day.")
    return green(f"{case.subject}, proposed by OCLC, not later than the export of {export}")


def _withdrawn(_case: Case, facts: Facts) -> Verdict:
    count, export, said = facts.number("withdrawn_since_extraction"), facts.text("extraction_day"), \
        facts.day_of("withdrawn_since_extraction")
    frozen = facts.text("withdrawals_frozen_since")
    since = f"; frozen since {frozen}" if frozen else ""
    if count:
        return red(f"{many(count, 'holding')} withdrawn since the export of {export}{since}", "Export, send and account anew.")
    if said < export:
        return red(f"said on {said}, before the export of {export}", "Ask the units again, and enter it.")
    return green(f"none withdrawn between the export of {export} and {said}{since}")


def _lhr(_case: Case, facts: Facts) -> Verdict:
    keep = facts.text("lhr_choice") == "keep"
    return green("records with a local holdings record are kept" if keep
                 else "records with a local holdings record are deleted too")


def _other_loads(case: Case, facts: Facts) -> Verdict:
    count, first = facts.number("other_loads"), facts.text("earliest_standing_load")
    if not count:
        return green(f"no load of another symbol stands under {case.symbol}")
    whose = facts.text("earliest_standing_load_of") or "another symbol"
    if not first:
        return red(f"loads of {many(count, 'other symbol')} stand, since when is not known",
                   "Enter the day of the first, with its source.")
    if is_day(case.subject) and case.subject <= first:
        return green(f"{case.subject} is not later than the load of {whose} of {first}")
    risk = facts.value("earliest_standing_load_holdings")
    at_risk = many(risk, "holding") if isinstance(risk, int) else "an unknown number of holdings"
    return red(f"{case.subject} is later than the load of {whose} of {first}: {at_risk} would go with it",
               f"Ask OCLC for {first} or an earlier day, or send {whose}'s records again first.")


SCAN_DELETE = (
    Condition("uploaded", "Every file is uploaded and its report is in",
              ("files_prepared", "files_sent", "files_in_doubt", "files_reported", "files_refused"), _uploaded),
    Condition("accounted", "Every record sent is accounted for, and reruns are settled",
              ("sent", "accounted", "not_reported", "reruns_unsettled"), _accounted),
    Condition("unrouted", "No record is unrouted", ("unrouted",), _unrouted, ("unrouted_accepted",)),
    Condition("unresolved", "Nothing is unresolved, or each library accepts its list", ("unresolved", "data_errors"),
              _unresolved, ("leftovers_accepted_by", "newest_report_day")),
    Condition("ocn-changes", "The changes of OCLC numbers are reviewed", ("ocn_changed", "ocn_changes_reviewed"),
              _ocn_changes),
    Condition("left-out", "What was left out is signed for (e-resources!)",
              ("excluded", "quarantined", "excluded_signed_by", "extraction_day"), _left_out),
    Condition("cutoff", "The cut-off is the day OCLC proposed, and not later than the export",
              ("cutoff_proposed", "extraction_day"), _cutoff),
    Condition("withdrawn", "No holding was withdrawn at OCLC since the export",
              ("withdrawn_since_extraction", "extraction_day"), _withdrawn, ("withdrawals_frozen_since",)),
    Condition("lhr", "It is chosen whether records with a local holdings record stay", ("lhr_choice",), _lhr),
    Condition("other-loads", "The cut-off is not later than the first load of another symbol under this one",
              ("other_loads",), _other_loads,
              ("earliest_standing_load", "earliest_standing_load_of", "earliest_standing_load_holdings")),
)


def _own_records(case: Case, facts: Facts) -> Verdict:
    files = _uploaded(case, facts)
    return files if files.state == "red" else _accounted(case, facts)


def _successor(case: Case, facts: Facts) -> Verdict:
    if case.successor is None:
        return red(f"{case.symbol} has no successor", "Name it in console.toml.")
    cutoff = facts.text("successor_scan_delete")
    if cutoff:
        return green(f"{case.successor} is synced, its scan/delete signed with cut-off {cutoff}")
    prepared, reported = facts.value("successor_files_prepared"), facts.value("successor_files_reported")
    if not isinstance(prepared, int) or not isinstance(reported, int):
        return red(f"not known: the files of {case.successor} and their reports",
                   "Run what shows it, or enter it with its source.")
    words = f"{reported:,} of {prepared:,} files of {case.successor} have a report"
    return green(words) if prepared and reported == prepared else red(words, f"Upload and fetch {case.successor} first.")


def _ill_requests(_case: Case, facts: Facts) -> Verdict:
    count, said, off = facts.number("ill_open_requests"), facts.day_of("ill_open_requests"), facts.text("ill_supplier_off")
    if count:
        return red(f"{many(count, 'ILL request')} open", "Wait until they are returned, and enter it again.")
    if off and said < off:
        return red(f"none open on {said}, but requests could come until {off}", "Look again, and enter it.")
    return green("no ILL request open")


def _ill_supplier(case: Case, facts: Facts) -> Verdict:
    off = facts.text("ill_supplier_off")
    if off < case.today:
        return green(f"OCLC Supplier is No since {off}")
    return red(f"OCLC Supplier becomes No on {off}, at midnight Eastern time", "Wait for the day after it.")


RETIRE = (
    Condition("own-records", "Its records were sent under its successor and are accounted for",
              ("files_prepared", "files_sent", "files_in_doubt", "files_reported", "files_refused",
               "sent", "accounted", "not_reported", "reruns_unsettled"), _own_records),
    Condition("successor", "The successor is synced: scan/deleted, or all its reports are in", (), _successor,
              ("successor_scan_delete", "successor_files_prepared", "successor_files_reported")),
    Condition("ill-supplier", "OCLC Supplier is set to No", ("ill_supplier_off",), _ill_supplier),
    Condition("ill-requests", "No ILL request is open", ("ill_open_requests",), _ill_requests, ("ill_supplier_off",)),
    Condition("connexion-users", "Every Connexion user has moved", ("connexion_users_left",),
              nothing_left("connexion_users_left", "Connexion user left", "Connexion users left",
                           "Move them (Authorizations), and enter it again.")),
    Condition("save-file", "The Connexion save file is empty", ("save_file_count",),
              nothing_left("save_file_count", "record in the save file", "records in the save file",
                           "Their owners finish or delete them.")),
    Condition("constant-data", "Constant data is documented", ("constant_data_documented",),
              said_yes("constant_data_documented", "documented", "not documented", "Write it down before it goes.")),
    Condition("lhrs", "Local holdings records under the symbol are listed", ("lhrs_listed",),
              said_yes("lhrs_listed", "listed", "not listed", "Ask OCLC for the list.")),
    Condition("feeds", "Vendors and feeds use the new symbol", ("feeds_repointed",),
              said_yes("feeds_repointed", "they do", "not all of them do", "Tell them, and wait for their answer.")),
    Condition("announcement", "The announcement was sent", ("announcement_sent",),
              said_yes("announcement_sent", "sent", "not sent", "Send it.")),
)


def _list(_case: Case, facts: Facts) -> Verdict:
    count = facts.number("unset_records")
    if not count:
        return red("the list is empty", "Name the list of the records: never unset without one.")
    return green(f"{many(count, 'record')}, {facts.text('unset_list')}")


def _local_data(_case: Case, facts: Facts) -> Verdict:
    count = facts.number("unset_local_data")
    if not count:
        return green("no local data hangs on them")
    if facts.value("unset_local_data_kept") is True:
        return green(f"{many(count, 'local record is', 'local records are')} deleted too; a copy is kept")
    return red(f"{many(count, 'local record')} would be deleted too, and no copy is kept",
               "Export them first, or unset without cascade.")


UNSET = (
    Condition("list", "There is a list of the records", ("unset_list", "unset_records"), _list),
    Condition("complete", "The list was checked: nothing on it is being repaired", ("unset_list_checked",),
              said_yes("unset_list_checked", "checked", "not checked", "Take out what is still being repaired.")),
    Condition("local-data", "A copy of the local data that the cascade deletes is kept", ("unset_local_data",), _local_data,
              ("unset_local_data_kept",)),
)
