"""How many connections an upload may use: as many as people ask for, or fewer while the server takes no more. Then another is
tried after a while, and later each time it is refused again. Not for the connections themselves (one_file.Line).
"""

from __future__ import annotations

import math
import time

from oclc_console.store.events import ConnectionsChanged

FIRST_WAIT, LONGEST_WAIT = 30.0, 600.0  # seconds


class Allowance:
    """The number of connections as it changes. What it answers with is to be journalled."""

    def __init__(self, asked: int) -> None:
        self.asked = asked
        self._given: int | None = None  # as many as asked, as far as anybody knows
        self._wait, self._next = FIRST_WAIT, 0.0

    @property
    def count(self) -> int:
        """How many are used now."""
        return self.asked if self._given is None else min(self.asked, self._given)

    @property
    def most(self) -> int:
        """How many may be tried now."""
        return self.count + 1 if self.count < self.asked and time.monotonic() >= self._next else self.count

    def ask(self, count: int) -> ConnectionsChanged:
        """Somebody asks for so many; what the server refused before is tried anew."""
        self.asked, self._given, self._wait = count, None, FIRST_WAIT
        return ConnectionsChanged(count)

    def refused(self, standing: int, why: str, *, lasting: bool) -> ConnectionsChanged | None:
        """Another connection did not come about while `standing` ones did; None when no more were used before."""
        before = self.count
        self._given = standing
        self._next = math.inf if lasting else time.monotonic() + self._wait
        self._wait = min(2 * self._wait, LONGEST_WAIT)
        then = "no other is tried" if lasting else "another is tried now and then"
        return ConnectionsChanged(self.count, f"{why}; {then}") if self.count != before else None

    def stands(self, standing: int) -> ConnectionsChanged | None:
        """So many connections stand now; None unless the server had refused so many before."""
        if self._given is None or standing <= self.count:
            return None
        self._given = None if standing >= self.asked else standing
        self._wait, self._next = FIRST_WAIT, 0.0
        return ConnectionsChanged(self.count, "the server takes another one again")
