"""Hold documents of customers whose account has a certain status."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditrisk.facts import Case, Measured
from creditrisk.language import marked, say
from creditrisk.rules import Rule, Wrong


@dataclass(frozen=True)
class AccountStatus(Rule):
    """The customer has this account status."""

    code = "account_status"
    label = marked("Account status")
    order = 30
    keys = ("status",)

    status: str = ""

    def block(self, case: Case) -> Measured:
        return Measured(
            case.account_status,
            self.status,
            "status",
            case.account_status == self.status,
        )

    exclude = block

    def says(self, kind: str) -> str:
        return say("the account's status is %(status)s", status=self.status)

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> Wrong | None:
        return None if "status" in values else Wrong("status", say("Say which account status."))
