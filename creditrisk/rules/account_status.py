"""Hold documents of customers whose account has a certain status."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditrisk.facts import Case, Measured
from creditrisk.rules import Rule


@dataclass(frozen=True)
class AccountStatus(Rule):
    """The customer has this account status."""

    code = "account_status"
    label = "Account status"
    order = 30

    status: str = ""

    def block(self, case: Case) -> Measured:
        return Measured(
            case.account_status,
            self.status,
            "status",
            case.account_status == self.status,
        )

    exclude = block

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> str:
        return "" if "status" in values else "Say which account status."
