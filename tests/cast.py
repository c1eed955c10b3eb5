"""The cast: Rossi pays, Bianchi is at the limit, Verdi is stopped, Neri heads a group.

Sara sells, Carla releases, Dario manages credit, Fiona signs, Ada administers, Guido audits.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User

from approvals import booking, gate
from approvals.models import Authority
from creditrisk.policy import compile as policies
from creditrisk.policy.models import Checkpoint, Parameters, RuleRow
from creditrisk.roles import Actor
from customers.models import Company, CreditAccount, Customer, CustomerBlock, PaymentTerms
from documents.drafts import NewDocument

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = NOW.date()

PEOPLE = {
    "sara": "sales",
    "carla": "credit_clerk",
    "dario": "credit_manager",
    "fiona": "finance_director",
    "ada": "admin",
    "guido": "auditor",
}


@cache
def hashed() -> str:
    """Return the password "demo", hashed once a run: hashing is slow on purpose."""
    return make_password("demo")


def after(days: int) -> datetime:
    """Return the moment so many days after the story begins."""
    return NOW + timedelta(days=days)


@dataclass
class Cast:
    """The people and customers of a test, and short ways to make them act."""

    company: Company
    terms: PaymentTerms
    rossi: Customer
    bianchi: Customer
    verdi: Customer
    neri: Customer
    sara: Actor
    carla: Actor
    dario: Actor
    fiona: Actor
    ada: Actor
    guido: Actor

    def customer(self, code: str, limit: str | None = "1000", *, day: date = TODAY, **account: Any) -> Customer:
        """Make a customer with a limit in euro; None leaves it unset."""
        parent = account.pop("parent", None)
        made = Customer.objects.create(
            code=code, name=code.title(), company=self.company, currency="EUR", terms=self.terms, parent=parent
        )
        CreditAccount.objects.create(customer=made, **account)
        if limit is not None:
            booking.grant_limit(customer=made, amount=Decimal(limit), valid_from=day, by=self.dario, now=NOW)
        return made

    def order(
        self, customer: Customer, amount: str, *, now: datetime = NOW, by: Actor | None = None, **more: Any
    ) -> Any:
        """Enter an order and return it."""
        new = NewDocument(kind="ORDER", customer=customer, amount=Decimal(amount), **more)
        return gate.submit(new, "enter", by=by or self.sara, now=now).document

    def confirmed(self, customer: Customer, amount: str, *, now: datetime = NOW, **more: Any) -> Any:
        """Enter and confirm an order; return it."""
        return gate.submit(self.order(customer, amount, now=now, **more), "confirm", by=self.sara, now=now).document

    def item(self, customer: Customer, amount: str, *, due: date, reference: str = "I1", now: datetime = NOW) -> Any:
        """Open an item in the ledger; return it."""
        return booking.item(
            customer=customer, amount=Decimal(amount), due=due, reference=reference, by=self.carla, now=now
        )


def assemble() -> Cast:
    """Bring the cast on stage."""
    policies.ensure_defaults(now=NOW)
    actors = {}
    for name, role in PEOPLE.items():
        user = User.objects.create(username=name, password=hashed(), is_staff=name == "ada", is_superuser=name == "ada")
        user.groups.add(Group.objects.get_or_create(name=role)[0])
        actors[name] = Actor(user)
    for name in ("carla", "dario", "fiona"):
        Authority.objects.create(user=actors[name].user, release_up_to=None)
    company = Company.objects.create(code="MAIN", name="Main", currency="EUR")
    terms = PaymentTerms.objects.create(code="N30", days=30)
    cast = Cast(company, terms, *[None] * 4, **actors)  # type: ignore[arg-type]
    cast.rossi = cast.customer("ROSSI", "10000")
    cast.bianchi = cast.customer("BIANCHI", "1000")
    cast.verdi = cast.customer("VERDI", "5000")
    CustomerBlock.objects.create(customer=cast.verdi, orders=True, deliveries=True, placed_at=NOW)
    cast.neri = cast.customer("NERI", "2000")
    return cast


def policy(
    *, rules: list[dict[str, Any]] | None = None, checkpoints: dict[str, Any] | None = None, **parameters: Any
) -> None:
    """Put a policy into force: rule rows added, checkpoints and parameters changed."""
    policies.ensure_defaults(now=NOW)
    for row in rules or []:
        RuleRow.objects.create(**{"rule_id" if name == "rule" else name: value for name, value in row.items()})
    for code, values in (checkpoints or {}).items():
        Checkpoint.objects.filter(code=code).update(**values)
    if parameters:
        Parameters.objects.filter(pk=1).update(**parameters)
    policies.save_version(by=None, now=NOW)
