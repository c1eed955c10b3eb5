"""Who the reader may see, and what was granted to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from creditrisk.roles import companies_of, name_of, roles_of
from customers.models import (
    Company,
    Customer,
    CustomerBlock,
    CustomerQuerySet,
    Limit,
    LimitKind,
    LimitState,
    Security,
    SharedLimit,
)


@dataclass(frozen=True)
class Grant:
    """One grant of credit as its history shows it."""

    id: int
    kind: str
    state: str
    amount: Decimal | None
    currency: str
    valid_from: date
    valid_to: date | None
    reason: str
    granted_by: str
    granted_at: datetime
    figures: Mapping[str, str]
    is_temporary: bool

    @property
    def is_amount(self) -> bool:
        return self.amount is not None

    def figure(self, name: str) -> Decimal | None:
        """Return a figure of the day before the grant; None where it was not kept, or is no amount."""
        bounded = name != "limit" or self.figures.get("limit_state") in ("AMOUNT", "NONE")
        return Decimal(self.figures[name]) if name in self.figures and bounded else None

    @property
    def total(self) -> Decimal | None:
        return self.figure("total")

    @property
    def overdue(self) -> Decimal | None:
        return self.figure("overdue")

    @property
    def before(self) -> Decimal | None:
        return self.figure("limit")


@dataclass(frozen=True)
class Member:
    """A customer that belongs together with another: a head, a branch, a fellow under a shared limit."""

    code: str
    name: str


@dataclass(frozen=True)
class Ties:
    """Whose credit hangs together with this customer's."""

    parent: Member | None
    children: tuple[Member, ...]
    shared: tuple[str, ...]


def own(user: Any, *paths: str) -> Q:
    """Return what keeps a salesperson to own customers where their company wants it; nothing for anybody else.

    `paths` lead from the row to a customer, one of whom suffices; none where the row is the customer.
    """
    if roles_of(user) != {"sales"}:
        return Q()
    found = Q()
    for path in paths or ("",):
        at = f"{path}__" if path else ""
        found |= Q(**{f"{at}company__own_customers_only": False}) | Q(**{f"{at}salesperson": user})
    return found


def visible(user: Any) -> CustomerQuerySet:
    """Return the customers that the reader may see: of the reader's companies, or with documents or items there.

    Sales see their own alone where the customer's company wants it.
    """
    companies = companies_of(user)
    everybody = Customer.objects.filter(own(user))
    if companies is None:
        return everybody
    return everybody.filter(
        Q(company_id__in=companies)
        | Q(pk__in=Customer.objects.filter(documents__company_id__in=companies).values("pk"))
        | Q(pk__in=Customer.objects.filter(items__company_id__in=companies).values("pk"))
    )


def visible_shared(user: Any) -> QuerySet[SharedLimit]:
    """Return the shared limits that the reader may see: those of whom the reader may see a member."""
    if companies_of(user) is None and not own(user):
        return SharedLimit.objects.all()
    of_members = SharedLimit.members.through.objects.filter(customer__in=visible(user).values("pk"))
    return SharedLimit.objects.filter(pk__in=of_members.values("sharedlimit"))


def one(user: Any, code: str) -> Customer:
    """Return the customer of that code with what its page shows; 404 where the reader may not see it."""
    if "\0" in code:  # No text in the database can hold it, so the database would refuse to look.
        raise Http404
    return get_object_or_404(
        visible(user).select_related(
            "company", "segment", "terms", "settlement_discount", "account_status", "parent", "merged_into", "salesperson",
            "credit_account__credit_group", "credit_account__risk_class",
        ),
        code=code,
    )  # fmt: skip


def shared(user: Any, code: str) -> SharedLimit:
    """Return the shared limit of that code; 404 where the reader may see none of its members."""
    if "\0" in code:
        raise Http404
    return get_object_or_404(visible_shared(user), code=code)


def coded(user: Any, text: str) -> Customer | None:
    """Return the customer whose code is this text, if the reader may see one."""
    code = text.strip()
    return visible(user).filter(code__iexact=code).first() if code and "\0" not in code else None


def companies(user: Any) -> Any:
    """Return the companies that the reader works in, by code."""
    ids = companies_of(user)
    every = Company.objects.order_by("code")
    return every if ids is None else every.filter(pk__in=ids)


def grants(owner: Customer | SharedLimit) -> list[Grant]:
    """Return every grant to the customer or for the shared limit, newest first."""
    return [
        Grant(
            id=row.pk, kind=row.get_kind_display(), state=row.get_state_display(),
            amount=row.amount if row.state == LimitState.AMOUNT else None, currency=row.currency,
            valid_from=row.valid_from, valid_to=row.valid_to, reason=row.reason,
            granted_by=name_of(row.granted_by), granted_at=row.granted_at,
            figures=row.figures or {}, is_temporary=row.kind == LimitKind.TEMPORARY,
        )
        for row in owner.limits.select_related("granted_by").order_by("-id")[:50]
    ]  # fmt: skip


def awaits_approval(customer: Customer) -> bool:
    """Return whether a first limit, or inheriting one, has to be approved before anything goes out on credit."""
    return customer.company.first_limit_approved and not customer.limits.exists()


def newest_grant(customer: Customer) -> int:
    """Return the id of the newest grant, 0 where there is none."""
    newest = Limit.objects.filter(customer=customer).order_by("-id").values_list("pk", flat=True).first()
    return newest or 0


def ties(customer: Customer) -> Ties:
    """Return the head, the branches and the shared limits of a customer."""
    head = customer.parent
    return Ties(
        parent=Member(head.code, head.name) if head else None,
        children=tuple(Member(c.code, c.name) for c in customer.children.order_by("code")[:50]),
        shared=tuple(customer.shared_limits.order_by("code").values_list("code", flat=True)),
    )


def with_branches(customer_id: int) -> list[int]:
    """Return the ids of a customer and of all that roll up to it: whose figures its exposure sums."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT member FROM credit_family(ARRAY[%s]::bigint[]) WHERE relation = 'below' AND root = %s ORDER BY member",
            [customer_id, customer_id],
        )
        return [member for (member,) in cursor.fetchall()]


def securities(customer: Customer) -> list[Security]:
    """Return insurance and guarantees of a customer, the latest to end first."""
    return list(customer.securities.order_by("-valid_to", "-pk"))


def blocks(customer: Customer, *, today: date) -> list[CustomerBlock]:
    """Return the manual stops in force today."""
    return [b for b in customer.blocks.filter(end__isnull=True).select_related("placed_by") if b.covers(today)]


def makes_a_ring(customer: Customer, head: Customer) -> bool:
    """Return whether the customer would stand above itself if `head` were its head."""
    seen: set[int] = set()
    at: Customer | None = head
    while at is not None and at.pk not in seen:
        if at.pk == customer.pk:
            return True
        seen.add(at.pk)
        at = at.parent
    return False
