"""What a condition of a gate, or a task, can look at: a catalogue of things, each with its words and its kind, and what is
known of them. The console computes what its own runs, reports and ledger show (operations/gate_facts.py); the rest people
enter, with where they have it from and the day on which it was so. Pure. Not for judging: that is conditions.py.

A thing that nobody knows has the value None: it is never 0, and never green.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from oclc_console.errors import CallError
from oclc_console.project.acts import Act, standing

Value = int | str | bool | None
Kind = Literal["count", "day", "yes", "text", "choice"]
ENTERED = "evidence.entered"  # {key, value, source, day, note} and, for what belongs to one collection or list, subject


@dataclass(frozen=True)
class Evidence:
    """One thing that can be looked at. `words` name it as a label; a value of it is, by `kind`: count an int of 0 or more,
    day a text YYYY-MM-DD, yes a bool, text a text, choice one of `choices`. `computed`: the console computes it where its
    runs show it; entered all the same (for work done before the console), it counts only while the console doesn't know.
    `about`: whose it is: the symbol's, or that of one collection or list (a gate's subject). `hint`: where it is found."""

    key: str
    words: str
    kind: Kind
    computed: bool
    hint: str
    choices: tuple[str, ...] = ()
    about: Literal["symbol", "collection", "list"] = "symbol"

    @property
    def name(self) -> str:
        """Its words where no value follows: `OCLC Supplier set to No (day)`."""
        stem = self.words.removesuffix(" on").removesuffix(" since").rstrip(",")
        return self.words if stem == self.words else f"{stem} (day)"


@dataclass(frozen=True)
class Known:
    """What is known of one thing: its value (None: not known), when it was so (`as_of`, an ISO instant or a day), where
    that comes from, and the login that entered it (None: the console computed it)."""

    key: str
    value: Value
    as_of: str
    source: str
    entered_by: str | None = None
    note: str = ""

    @property
    def day(self) -> str:
        """The day of `as_of`."""
        return self.as_of[:10]


def _computed(key: str, words: str, kind: Kind, hint: str, *choices: str,
              about: Literal["symbol", "collection", "list"] = "symbol") -> Evidence:
    return Evidence(key, words, kind, True, hint, choices, about)


def _entered(key: str, words: str, kind: Kind, hint: str, *choices: str,
             about: Literal["symbol", "collection", "list"] = "symbol") -> Evidence:
    return Evidence(key, words, kind, False, hint, choices, about)


# Computed: of the symbol's current export (the newest that was prepared), each a count of records unless it says otherwise.
_COMPUTED = (
    _computed("files_prepared", "files prepared", "count", "prepare"),
    _computed("files_sent", "files sent", "count", "upload"),
    _computed("files_in_doubt", "files in doubt", "count", "upload; files of which nobody knows whether OCLC has them"),
    _computed("files_reported", "files with a report", "count", "fetch"),
    _computed("files_refused", "files refused or set aside", "count", "upload; those that other files have not replaced"),
    _computed("files_misnamed", "files whose name, collection and symbol disagree", "count", "the outbox and console.toml"),
    _computed("files_sent_before", "waiting files that were sent before", "count", "sha256 of their bytes, in the ledger"),
    _computed("waiting_files", "files waiting to be sent", "count", "the outbox"),
    _computed("waiting_records", "records in the waiting files", "count", "the outbox"),
    _computed("largest_file_records", "records in the largest waiting file", "count", "the outbox"),
    _computed("duplicate_lsns", "local numbers twice in the waiting files", "count", "the ledger"),
    _computed("in_set", "records in the set", "count", "prepare"),
    _computed("set_count", "Alma's own count of the set", "count", "prepare --set-count, or the set in Alma"),
    _computed("excluded", "records excluded by rule", "count", "prepare: 914, brief levels and other rules"),
    _computed("quarantined", "records that are not MARC", "count", "prepare"),
    _computed("unrouted", "unrouted records", "count", "prepare: no stream wants them"),
    _computed("unrouted_accepted", "unrouted records accepted, and why", "text", "prepare --accept-unrouted"),
    _computed("double", "records two streams want", "count", "prepare"),
    _computed("double_accepted", "double records accepted, and why", "text", "prepare --accept-unrouted"),
    _computed("sent", "records sent", "count", "the ledger, of files that OCLC has"),
    _computed("accounted", "records accounted for", "count", "the newest report of every file, and rows without a number"),
    _computed("not_reported", "records not reported", "count", "sent, less accounted for"),
    _computed("unresolved", "unresolved records", "count", "the newest report of every file"),
    _computed("data_errors", "records OCLC could not take", "count", "data and processing errors, and words we don't know"),
    _computed("holdings_refreshed", "holdings with a new date stamp", "count",
              "different OCLC numbers that the newest reports give as matched, created, replaced or transferred"),
    _computed("rejections_open", "rejections open", "count", "Reports"),
    _computed("rejections_accepted", "rejections accepted as they are", "count", "Reports"),
    _computed("ocn_changed", "records matched to another OCLC number", "count", "the newest report of every file"),
    _computed("ocn_changes_reviewed", "OCLC number changes reviewed", "count", "OCN changes"),
    _computed("reruns_unsettled", "reruns not settled", "count",
              "files OCLC worked on again whose newest report does not answer for every record yet"),
    _computed("newest_report_day", "day of the newest report", "day", "fetch"),
    _computed("newest_report_loaded", "the write-back is of the newest reports", "yes", "fetch and write-back"),
    _computed("extraction_day", "day of the export that was sent", "day", "the file dates of Alma's newest sent export"),
    _computed("other_loads", "other symbols whose load stands under this one", "count",
              "the ledger: original symbols whose files went out under this symbol (0: none)"),
    _computed("earliest_standing_load", "first load of another symbol still standing", "day",
              "of each other original symbol the export day of its first load (sent again: its new day); the earliest"),
    _computed("earliest_standing_load_of", "whose load that is", "text", "the original symbol of that load"),
    _computed("earliest_standing_load_holdings", "holdings of that load", "count", "the ledger"),
    _computed("other_loads_holdings", "holdings of all loads of other symbols that stand", "count", "the ledger"),
    _computed("successor_files_prepared", "the successor's own files prepared", "count", "prepare, of the successor"),
    _computed("successor_files_reported", "the successor's own files with a report", "count", "fetch, of the successor"),
    _computed("successor_scan_delete", "cut-off signed for the successor", "day", "the successor's gate scan-delete"),
    _computed("shared_logins", "logins used by more than one person", "count", "Authorizations"),
    _computed("writeback_records", "records to be written back", "count", "write-back"),
    _computed("reproductions_left_out", "reproductions are not written to the bib", "yes", "the write-back's settings"),
    _computed("changed_in_alma_since", "records changed in Alma since the export", "count", "the newest export, compared"),
    _computed("settings_fingerprint", "fingerprint of the stream's settings", "text", "console.toml", about="collection"),
    _computed("stream_symbol", "symbol that sends to the collection", "text", "console.toml", about="collection"),
    _computed("stream_kind", "kind of the stream", "choice", "console.toml", "bib", "lhr", "delete", about="collection"),
    _computed("stream_match", "match of the stream", "choice", "console.toml", "all", "trusted ocn", about="collection"),
    _computed("stream_lsn", "where the local number stands", "text", "console.toml: lsn, comma between",
              about="collection"),
)

# Entered: of the symbol, unless it belongs to one collection (the gate submit) or to one list (the gate unset).
_ENTERED = (
    _entered("holdings_at_oclc", "holdings OCLC has under the symbol", "count", "ask OCLC, or Collection Manager"),
    _entered("cutoff_proposed", "cut-off day OCLC proposed", "day", "OCLC's mail"),
    _entered("withdrawn_since_extraction", "holdings withdrawn at OCLC since the export", "count", "the units, and OCLC"),
    _entered("withdrawals_frozen_since", "withdrawals frozen since", "day", "the mail to the units"),
    _entered("lhr_choice", "records with a local holdings record", "choice",
             "OCLC keeps them unless asked to delete them", "keep", "delete"),
    _entered("leftovers_accepted_by", "libraries that accept that unresolved records lose their holding", "text",
             "library codes with a comma between, each has seen its list"),
    _entered("excluded_signed_by", "who signed for what was left out (e-resources!)", "text", "the mail or minutes"),
    _entered("kb_switch_off", "OCLC switched WorldCat Holdings off on", "day", "OCLC's mail; don't touch it for 3 days"),
    _entered("ill_open_requests", "open ILL requests", "count", "the ILL system"),
    _entered("ill_supplier_off", "OCLC Supplier set to No on", "day", "OCLC Policies Directory; acts at midnight Eastern"),
    _entered("ill_freeze_from", "ILL freeze from", "day", "the ILL lead"),
    _entered("save_file_count", "records in the Connexion save file (of 9,999)", "count", "Connexion"),
    _entered("connexion_users_left", "Connexion users left under the symbol", "count", "Authorizations, or OCLC's list"),
    _entered("constant_data_documented", "constant data is documented", "yes", "Connexion"),
    _entered("lhrs_listed", "local holdings records under the symbol are listed", "yes", "OCLC's list"),
    _entered("feeds_repointed", "vendors and feeds use the new symbol", "yes", "acquisitions and vendors"),
    _entered("announcement_sent", "the announcement was sent", "yes", "the mail"),
    _entered("analysis_done", "collection analysis done on", "day", "the metadata contact"),
    _entered("metadata_contact", "metadata contact", "text", "the library"),
    _entered("ocns_loaded", "OCLC numbers loaded into Alma on", "day", "Alma's load job"),
    _entered("rejection_notes_loaded", "rejection notes (913) loaded on", "day", "Alma's load job"),
    _entered("old_numbers_removed", "079 removed where not updated, on", "day", "Alma's job"),
    _entered("updates_paused_since", "WorldCat Updates paused since", "day", "Collection Manager"),
    _entered("updates_reactivated", "WorldCat Updates reactivated on", "day", "Collection Manager"),
    _entered("sample_of_20_seen", "a sample of 20 records was looked at", "yes", "the write-back's files"),
    _entered("before_image_kept", "the records as they were are kept", "yes", "an Alma export before the load"),
    _entered("collection_symbol", "symbol on OCLC's form", "text", "Collection Manager", about="collection"),
    _entered("collection_type", "type of the collection", "choice", "Collection Manager",
             "bibliographic", "local holdings", "delete", about="collection"),
    _entered("match_type", "match type of the collection", "choice", "Collection Manager",
             "all", "trusted ocn", about="collection"),
    _entered("lsn_tag", "field of the local number", "text", "Collection Manager, as 852$8 or 001", about="collection"),
    _entered("test_records_back", "test records that came back (of 5)", "count", "the report of the test file",
             about="collection"),
    _entered("unset_list", "list of what is to be unset", "text", "the file, and where it is kept", about="list"),
    _entered("unset_records", "records on the list", "count", "the file", about="list"),
    _entered("unset_list_checked", "the list is complete and nothing on it is being repaired", "yes", "the units",
             about="list"),
    _entered("unset_local_data", "local holdings and local bib data the cascade deletes too", "count",
             "OCLC's list; 0 when none", about="list"),
    _entered("unset_local_data_kept", "a copy of that local data is kept", "yes", "an export", about="list"),
)

CATALOGUE: Mapping[str, Evidence] = {evidence.key: evidence for evidence in (*_COMPUTED, *_ENTERED)}


def evidence(key: str) -> Evidence:
    """The thing with this key. Raises CallError naming what there is."""
    if key in CATALOGUE:
        return CATALOGUE[key]
    raise CallError(f"{key!r} is nothing that can be entered", then=f"There are: {', '.join(sorted(CATALOGUE))}.")


def read_value(key: str, text: str) -> Value:
    """The value that a typed text means: "1,204" is a count, "yes" or "no", a day as 2020-11-16. Never None. Raises CallError
    with a sentence, also for a thing that only the console can say (the settings' fingerprint)."""
    thing, typed = evidence(key), text.strip()
    if key == "settings_fingerprint":
        raise CallError(f"the console itself computes the {thing.words}", then="There is nothing to enter.")
    if not typed:
        raise CallError(f"{thing.words}: nothing was typed", where=key, then=f"Type {_form(thing)}.")
    value: Value = typed
    if thing.kind == "count":
        digits = typed.replace(",", "").replace(" ", "")
        value = int(digits) if digits.isascii() and digits.isdigit() else None
    elif thing.kind == "yes":
        value = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}.get(typed.lower())
    elif thing.kind == "choice":
        value = typed.lower()
    if not fits(thing, value):
        raise CallError(f"{thing.words}: {typed!r} is not {_form(thing)}", where=key, then=f"Type {_form(thing)}.")
    return value


def check_entry(key: str, value: Value, source: str, day: str, today: str, subject: str = "") -> None:
    """Whether a value may be entered: it fits its kind, its source is named, and it was so on a day (YYYY-MM-DD) that is not
    still to come; what belongs to one collection or list says which (`subject`). Raises CallError with a sentence."""
    thing = evidence(key)
    if bool(subject) != (thing.about != "symbol"):
        whose = "the symbol as a whole" if subject else f"one {thing.about}"
        raise CallError(f"{thing.words}: this belongs to {whose}", where=f"{key} {subject}".strip(),
                        then="Leave the collection or list out." if subject else f"Say of which {thing.about}.")
    if not fits(thing, value):
        raise CallError(f"{thing.words}: {value!r} is not {_form(thing)}", where=key, then=f"Enter {_form(thing)}.")
    if not source.strip():
        raise CallError(f"{thing.words}: where this is known from is not said", where=key,
                        then="Name the source: a mail with its date, a page, a person.")
    if not is_day(day):
        raise CallError(f"{thing.words}: {day!r} is not a day", where=key, then="Write the day as YYYY-MM-DD.")
    if day > today:
        raise CallError(f"{thing.words}: {day} is still to come; today is {today}", where=key,
                        then="Enter the day on which it was so.")


def fits(thing: Evidence, value: Value) -> bool:
    """Whether a value is one of this kind of thing; None is not."""
    if thing.kind == "count":
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if thing.kind == "yes":
        return isinstance(value, bool)
    if not isinstance(value, str) or not value.strip():
        return False
    return is_day(value) if thing.kind == "day" else thing.kind != "choice" or value in thing.choices


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar written YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def entered(acts: Iterable[Act], subject: str = "") -> dict[str, Known]:
    """What people entered about a symbol, and with `subject` about that collection or list too, from the acts of the symbol,
    oldest first: of each thing the entry made last of those that still stand. An entry whose value is not one of its kind is
    not known (another version wrote it, or a hand); what the catalogue doesn't name is left out."""
    found: dict[str, Known] = {}
    for act in standing(acts):
        thing = CATALOGUE.get(str(act.get("key")))
        if act["act"] != ENTERED or thing is None:
            continue
        if str(act.get("subject") or "") != ("" if thing.about == "symbol" else subject or "no collection, no list"):
            continue
        value = act.get("value")
        found[thing.key] = Known(thing.key, value if fits(thing, value) else None, str(act.get("day") or act["at"]),
                                 str(act.get("source") or ""), str(act["by"]), str(act.get("note") or ""))
    return found


def together(computed: Mapping[str, Known], said: Mapping[str, Known]) -> dict[str, Known]:
    """What is known, for a gate to look at: what the console computed wherever it knows a value, else what people entered. What
    `computed` holds of things that only people can know is taken as computed (a test record that came back, say)."""
    return {**computed, **{key: known for key, known in said.items()
                           if key not in computed or computed[key].value is None}}


def value_words(key: str, value: Value) -> str:
    """A value in words: `12,406`, `yes`, `2020-08-14`, `not known`."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else value


def source_words(known: Known) -> str:
    """Where it is known from: `ledger, as of 2020-11-16`, or `entered by jdoe: OCLC's mail, as of 2020-11-16`."""
    by = f"entered by {known.entered_by}: " if known.entered_by else ""
    return f"{by}{known.source}, as of {known.as_of.replace('T', ' ')[:16]}"


def _form(thing: Evidence) -> str:
    return {"count": "a number of 0 or more", "day": "a day written YYYY-MM-DD", "yes": "yes or no", "text": "some words",
            "choice": f"one of {', '.join(thing.choices)}"}[thing.kind]
