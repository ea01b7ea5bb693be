"""What lint says of a whole set: traps that show only when its records are compared with one another, or with the last run.
Here are their words; the questions themselves are asked of the ledger (operations/set_checks.py)."""

from __future__ import annotations

from dataclasses import dataclass

from oclc_console.marc.lint.rule import Severity


@dataclass(frozen=True)
class SetRule:
    """A check of a whole set."""

    id: str
    sentence: str
    severity: Severity
    source: str
    remedy: str
    words: str = "set"

    @property
    def shown(self) -> str:
        """The sentence as a list of rules shows it."""
        return self.sentence


SET_RULES = {
    rule.id: rule
    for rule in (
        SetRule("lsn-twice", "One local number stands on several records of the set.", Severity.SEVERE,
                "OCLC keeps one record a local number: the last one wins, the others' results can't be told apart",
                "Publish one record a holding, or take the duplicate out of the set."),
        SetRule("ocn-on-two-bibs", "One OCLC number stands on several bibs.", Severity.MINOR,
                "Alma groups by MMS id and OCLC by number: two bibs with one number wipe out each other's local holdings",
                "Merge the bibs, or give one of them its right number."),
        SetRule("never-send-gone", "A 914 NO-WORLDCAT that was there at the last run is gone.", Severity.SEVERE,
                "Copy and merge from Search Resources, or an update from Connexion, removes the 914",
                "If the record must still not be sent, add the 914 again; if it may be, nothing."),
    )
}
