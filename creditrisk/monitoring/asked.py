"""What is asked of the portfolio: as of which day, of whom, and which of them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from creditrisk.clock import end_of


@dataclass(frozen=True)
class Asked:
    """As of which day, known by the end of which day (None: today), in which company, and who of all.

    `company` bounds what is owed to that company; `home` names the company that keeps the customer. `is_past` reads the entries;
    otherwise the balances of today. `heads` leaves those alone who head their family.
    """

    day: date
    known_on: date | None = None
    company: Any = None
    text: str = ""
    only: str = ""
    home: str = ""
    segment: str = ""
    country: str = ""
    risk_class: str = ""
    salesperson: str = ""
    is_past: bool = True
    heads: bool = False

    @property
    def known_at(self) -> datetime | None:
        """Return the last moment that counts."""
        return None if self.known_on is None else end_of(self.known_on)
