"""From `given` to rows: the world that a story starts from, made anew beside whatever the database holds.

Everything happens in the story's own transaction. Rows that are there already are left alone: where one has the code
that the story uses, the story's own row takes another.
"""

from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import models

from approvals import booking
from approvals.models import Authority, SweptDay
from creditrisk.policy import compile as policies
from creditrisk.policy.models import Checkpoint, Parameters, RuleRow
from creditrisk.roles import Actor
from creditrisk.scenarios import shapes, words
from creditrisk.scenarios.world import World
from customers import limits
from customers.models import (
    AccountStatus,
    Company,
    CompanyAccess,
    CreditAccount,
    CreditGroup,
    Customer,
    CustomerBlock,
    CustomerBlockEnd,
    LimitKind,
    LimitState,
    PaymentTerms,
    RiskClass,
    Security,
    Segment,
    SettlementDiscount,
    SharedLimit,
    SubLimit,
    TermsInstalment,
)
from documents.models import DocumentType
from ledger.models import ExchangeRate


def build(given: shapes.Given, *, today: date) -> World:
    """Make the world that `given` tells, on the story's first day."""
    world = World(given, today)
    SweptDay.objects.update_or_create(pk=1, defaults={"day": today, "swept_at": world.now})
    _companies(world)
    _terms(world)
    _codes(world)
    _users(world)
    for code, told in given.customers.items():
        _new_customer(world, code, told)
    for code, told in given.customers.items():
        if told.parent:
            Customer.objects.filter(pk=world.rows[Customer, code]).update(parent_id=world.pk(Customer, told.parent))
    _shared_limits(world)
    _policy(world)
    return world


def _free(model: type[models.Model], code: str, *, name: str = "code") -> str:
    """Return `code`, or one like it where the database has a row of that code already."""
    while model._default_manager.filter(**{name: code}).exists():
        code = f"~{code}"
    return code


def _make[M: models.Model](world: World, model: type[M], code: str, **values: Any) -> M:
    return world.keep(code, model._default_manager.create(code=_free(model, code), **values))


def _companies(world: World) -> None:
    home = world.given.company
    _make(world, Company, home.code, name=home.code, currency=home.currency)
    for code, sister in world.given.companies.items():
        if code != home.code:
            _make(world, Company, code, name=code, currency=sister.currency)
    ExchangeRate.objects.all().delete()  # a missing rate is an error of the story, whatever the database knows
    for rate in world.given.rates:
        ExchangeRate.objects.update_or_create(
            source=rate.source,
            target=rate.target,
            day=rate.on,
            defaults={"rate": rate.rate},
        )


def _terms(world: World) -> None:
    for code, told in world.given.terms.items():
        values = {f.name: getattr(told, f.name) for f in fields(told) if f.name != "instalments"}
        terms = _make(world, PaymentTerms, code, **values)
        for position, part in enumerate(told.instalments, start=1):
            TermsInstalment.objects.create(terms=terms, position=position, percent=part.percent, days=part.days)
    for code, discount in world.given.settlement_discounts.items():
        _make(
            world, SettlementDiscount, code, percent=discount.percent, days=discount.days, rank=discount.rank
        )  # fmt: skip


def _codes(world: World) -> None:
    given = world.given
    for code, status in given.account_statuses.items():
        _make(world, AccountStatus, code, stops=status.stops.upper())
    for code in dict.fromkeys(given.credit_groups):
        _make(world, CreditGroup, code, name=code)
    for code, risk in given.risk_classes.items():
        _make(world, RiskClass, code, score_from=risk.score_from, score_to=risk.score_to)
    for code, segment in given.segments.items():
        state, amount = limit_of(segment.limit)
        _make(
            world, Segment, code, name=code, state=state, amount=amount, control=(segment.control or "").upper(),
            terms_id=world.pk(PaymentTerms, segment.terms),
        )  # fmt: skip
    for code, kind in given.document_types.items():
        _make(
            world, DocumentType, code, name=code, of=kind.of.upper(), counts=kind.counts,
            never_blocked=kind.never_blocked, sign=kind.sign,
        )  # fmt: skip


def _users(world: World) -> None:
    told, user_model = world.given.users, get_user_model()
    free = {name: _free(user_model, name, name="username") for name in told}
    users = dict(zip(told, user_model.objects.bulk_create(user_model(username=u) for u in free.values()), strict=True))
    groups = {role: Group.objects.get_or_create(name=role)[0] for role in {r for u in told.values() for r in u.roles}}
    user_model.groups.through.objects.bulk_create(
        user_model.groups.through(user=users[name], group=groups[role])
        for name in told
        for role in set(told[name].roles)
    )
    ceilings = {name: Decimal(0) if u.may_release_up_to is None else u.may_release_up_to for name, u in told.items()}
    # Who is given no authority has none, whatever the database grants to the role.
    Authority.objects.bulk_create(
        Authority(user=users[name], release_up_to=ceiling if isinstance(ceiling, Decimal) else None)
        for name, ceiling in ceilings.items()
    )
    CompanyAccess.objects.bulk_create(
        CompanyAccess(user=users[name], company_id=world.rows[Company, code])
        for name in told
        for code in dict.fromkeys(told[name].companies)
    )
    for name, user in users.items():
        world.keep(name, user)


def limit_of(told: Any) -> tuple[str, Decimal | None]:
    """Return a limit as the database states it: its state and amount."""
    if isinstance(told, Decimal):
        return LimitState.AMOUNT, told
    return (LimitState.UNLIMITED if told == "unlimited" else LimitState.INHERIT), None


# -- customers -------------------------------------------------------------------------------------------------------


def _new_customer(world: World, code: str, told: shapes.Customer) -> None:
    customer = _make(world, Customer, code, name=code, **_master_data(world, told))
    CreditAccount.objects.create(customer=customer, **_account(world, told))
    world.told[code] = told
    _sub_limits(customer, told)
    _securities(customer, told)
    _block(customer, told, world=world)
    if told.limit != "inherit" or told.limit_to is not None:
        _grant(world, customer, told, valid_from=told.limit_from or limits.BEGINNING)
    _temporary(world, customer, told.temporary)


def change_customer(world: World, code: str, told: shapes.Customer, *, by: Actor) -> None:
    """Let the customer be as `told` from now on; what was granted before stays as history."""
    before, customer = world.told[code], world.customer(code)
    world.told[code] = told
    parent = world.pk(Customer, told.parent)
    Customer.objects.filter(pk=customer.pk).update(**_master_data(world, told), parent_id=parent)
    CreditAccount.objects.filter(pk=customer.pk).update(**_account(world, told))
    if told.sub_limits != before.sub_limits:
        _sub_limits(customer, told)
    if told.securities != before.securities:
        _securities(customer, told)
    if told.blocks != before.blocks:
        for block in customer.blocks.filter(end__isnull=True):
            CustomerBlockEnd.objects.create(block=block, ended_at=world.now, ended_by=by.user)
        _block(customer, told, world=world)
    own = ("limit", "limit_currency", "limit_from", "limit_to")
    if any(getattr(told, name) != getattr(before, name) for name in own):
        start = told.limit_from if told.limit_from != before.limit_from else None
        valid_from = start or min(world.today, told.limit_to or world.today)
        _grant(world, customer, told, valid_from=valid_from, by=by)
    _temporary(
        world,
        customer,
        tuple(t for t in told.temporary if t not in before.temporary),
        by=by,
    )


def _master_data(world: World, told: shapes.Customer) -> dict[str, Any]:
    company = told.company or world.given.company.code
    home = world.given.company
    own_currency = home.currency if company == home.code else world.given.companies[company].currency
    of_segment = world.given.segments[told.segment].terms if told.segment else None
    return {
        "company_id": world.pk(Company, company),
        "currency": told.currency or own_currency,
        "country": told.country or "",
        "segment_id": world.pk(Segment, told.segment),
        "terms_id": world.pk(PaymentTerms, told.terms or (None if of_segment else "N30")),
        "settlement_discount_id": world.pk(SettlementDiscount, told.settlement_discount),
        "account_status_id": world.pk(AccountStatus, told.account_status or "NORMAL"),
        "customer_since": told.since,
        "business_since": told.business_since,
    }


def _account(world: World, told: shapes.Customer) -> dict[str, Any]:
    return {
        "control": (told.control or "").upper(),  # blank: the segment's, else block
        "group_control": (told.group_control or "").upper(),
        "credit_group_id": world.pk(CreditGroup, told.credit_group),
        "risk_class_id": world.pk(RiskClass, told.risk_class),
        "companies_summed": told.companies_summed,
        "excluded": told.excluded,
        "authorise_orders": told.always_authorise.orders,
        "authorise_deliveries": told.always_authorise.deliveries,
        "next_review": told.next_review,
    }


def _grant(
    world: World,
    customer: Customer,
    told: shapes.Customer,
    *,
    valid_from: date,
    by: Actor | None = None,
) -> None:
    state, amount = limit_of(told.limit)
    values: dict[str, Any] = {
        "customer": customer, "state": state, "amount": amount, "valid_from": valid_from, "valid_to": told.limit_to,
        "currency": told.limit_currency or "", "reason": "scenario", "now": world.now,
    }  # fmt: skip
    if by is None:
        limits.grant(by=None, **values)
    else:
        booking.grant_limit(by=by, **values)


def _temporary(
    world: World,
    customer: Customer,
    told: tuple[shapes.Temporary, ...],
    *,
    by: Actor | None = None,
) -> None:
    for part in told:
        values: dict[str, Any] = {
            "customer": customer, "amount": part.amount, "kind": LimitKind.TEMPORARY, "valid_from": part.start,
            "valid_to": part.to, "reason": "scenario", "now": world.now,
        }  # fmt: skip
        if by is None:
            limits.grant(by=None, **values)
        else:
            booking.grant_limit(by=by, **values)


def _sub_limits(customer: Customer, told: shapes.Customer) -> None:
    SubLimit.objects.filter(account_id=customer.pk).delete()
    SubLimit.objects.bulk_create(
        SubLimit(account_id=customer.pk, component=component, amount=amount)
        for component, amount in told.sub_limits.items()
    )


def _securities(customer: Customer, told: shapes.Customer) -> None:
    Security.objects.filter(customer=customer).delete()
    Security.objects.bulk_create(
        Security(
            customer=customer, kind=s.kind.upper(), amount=s.amount, currency=s.currency or customer.currency,
            percent=s.percent, valid_from=s.start, valid_to=s.to,
        )
        for s in told.securities
    )  # fmt: skip


def _block(customer: Customer, told: shapes.Customer, *, world: World) -> None:
    if told.blocks and (told.blocks.orders or told.blocks.deliveries):
        CustomerBlock.objects.create(
            customer=customer, orders=told.blocks.orders, deliveries=told.blocks.deliveries,
            valid_from=told.blocks.start, valid_to=told.blocks.to, note="scenario", placed_at=world.now,
        )  # fmt: skip


def _shared_limits(world: World) -> None:
    for code, told in world.given.shared_limits.items():
        shared = _make(
            world, SharedLimit, code, name=code, currency=told.currency or world.given.company.currency,
            mandatory=told.mandatory, count_member_overdue=told.count_member_overdue,
        )  # fmt: skip
        shared.members.set([world.rows[Customer, member] for member in told.members])
        state, amount = limit_of(told.amount)
        limits.grant(
            shared=shared, state=state, amount=amount, valid_from=limits.BEGINNING, valid_to=told.to,
            reason="scenario", by=None, now=world.now,
        )  # fmt: skip


# -- policy ----------------------------------------------------------------------------------------------------------


def _policy(world: World) -> None:
    """Set the policy to the product's defaults with what the story says of it, and nothing of the database's own."""
    parameters = Parameters.objects.get_or_create(pk=1)[0]
    for field in Parameters._meta.concrete_fields:
        if not field.primary_key:
            setattr(parameters, field.attname, field.get_default())
    parameters.save()
    told = {code: world.given.checkpoints.get(code, shapes.Checkpoint()) for code in words.CHECKPOINTS}
    Checkpoint.objects.bulk_create(
        (
            Checkpoint(
                code=c, on=c not in policies.OFF_AT_FIRST if t.on is None else t.on, grace_days=t.grace_days or 0
            )
            for c, t in told.items()
        ),
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["on", "grace_days"],
    )
    RuleRow.objects.all().delete()
    for row in world.given.rules:
        write_rule(world, row)
    set_parameters(world, dict(world.given.parameters))


def set_parameters(world: World, told: dict[str, Any]) -> None:
    """Change some parameters, and make what stands now the active policy."""
    parameters = Parameters.objects.get(pk=1)
    for name, value in told.items():
        field = Parameters._meta.get_field(name)
        if isinstance(value, tuple):
            value = list(value)
        setattr(
            parameters,
            name,
            value.upper() if getattr(field, "choices", None) else value,
        )
    parameters.save()
    policies.save_version(by=None, now=world.now, note="scenario")


def add_rule(world: World, row: shapes.Rule) -> None:
    """Add a row to the rule book, and make what stands now the active policy."""
    write_rule(world, row)
    policies.save_version(by=None, now=world.now, note="scenario")


def write_rule(world: World, row: shapes.Rule) -> None:
    """Write one row of the rule book."""
    values = dict(row.values)
    status, terms = values.pop("status", None), values.pop("terms", None)
    RuleRow.objects.create(
        rule_id=row.rule,
        kind=row.kind.upper(),
        scope=row.scope.upper(),
        group_id=world.pk(CreditGroup, row.scope_code) if row.scope == "group" else None,
        customer_id=world.pk(Customer, row.scope_code) if row.scope == "customer" else None,
        risk_class_id=world.pk(RiskClass, row.risk_class),
        release_order=row.release_order,
        action=row.action.upper(),
        status_id=world.pk(AccountStatus, status),
        terms_id=world.pk(PaymentTerms, terms),
        **values,
    )
