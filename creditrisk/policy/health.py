"""Whether a policy can do what it is there for: control that is on and can never hold, and what was forgotten."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from creditrisk import language
from creditrisk.facts import CHECKPOINTS
from creditrisk.policy.compile import CheckpointSetting, Policy
from creditrisk.policy.idle import idle
from customers.models import (
    Company,
    Control,
    CreditAccount,
    Customer,
    CustomerBlock,
    Limit,
    LimitKind,
    LimitState,
    PaymentTerms,
    SettlementDiscount,
    SharedLimit,
)

SHOWN = 5


@dataclass(frozen=True)
class Ailment:
    """One thing that is wrong with a policy or its set-up. `page` and `argument` name where it is mended.

    `grave`: credit is not controlled where people believe it is.
    """

    code: str
    sentence: str
    page: str
    argument: Any = None
    grave: bool = False


def examine(policy: Policy, *, today: date) -> list[Ailment]:
    """Return what ails a policy together with the customers it is for, the gravest first."""
    found = [
        *_nothing_holds(policy, today),
        *_ranks(policy),
        *_customers(today),
        *_idle_settings(policy),
        *_rows(policy, today),
    ]
    return sorted(found, key=lambda ailment: not ailment.grave)


def _some(names: Iterable[Any]) -> str:
    every = [str(name) for name in names]
    told = ", ".join(every[:SHOWN])
    more = len(every) - SHOWN
    return _("%(names)s and %(count)s more") % {"names": told, "count": language.number(more)} if more > 0 else told


def _settings(policy: Policy) -> list[CheckpointSetting]:
    every = (policy.checkpoints, *(own.checkpoints for own in policy.companies.values()))
    return [setting for told in every for setting in told.values()]


def _nothing_holds(policy: Policy, today: date) -> Iterator[Ailment]:
    rows = [row for row in policy.rows if row.kind == "block" and row.action == "HOLD"]
    live = [row for row in rows if row.valid_to is None or row.valid_to >= today]
    on_somewhere = any(setting.on for setting in _settings(policy))
    if not on_somewhere:
        although = ngettext(
            "Every checkpoint is off: no document is ever checked although it has %(count)d row that would hold.",
            "Every checkpoint is off: no document is ever checked although it has %(count)d rows that would hold.",
            len(live),
        )  # fmt: skip
        yield Ailment(
            "no_checkpoint",
            although % {"count": len(live)} if live else _("Every checkpoint is off: no document is ever checked."),
            "admin:policy_checkpoint_changelist", grave=True,
        )  # fmt: skip
        return
    silent = [
        own.code for company, own in policy.companies.items()
        if not any(policy.checks(checkpoint, company=company) for checkpoint in CHECKPOINTS)
    ]  # fmt: skip
    if silent:
        yield Ailment(
            "company_without_checkpoint",
            _("Every checkpoint is off in %(companies)s: nothing of it is ever checked.") % {"companies": _some(silent)},
            "admin:policy_checkpoint_changelist", grave=True,
        )  # fmt: skip
    if not policy.checks("confirmation") and not policy.checks("delivery"):
        yield Ailment(
            "late_checkpoints",
            _("Neither confirmation nor delivery is checked: goods may leave before anything is asked."),
            "admin:policy_checkpoint_changelist",
        )  # fmt: skip
    if live or policy.check_terms_increase or policy.check_discount_increase:
        return
    accounts = CreditAccount.objects.filter(excluded=False)
    control = Q(control=Control.BLOCK) | Q(group_control=Control.BLOCK) | Q(customer__segment__control=Control.BLOCK)
    stops = accounts.filter(Q(suspended=True) | Q(authorise_orders=True) | Q(authorise_deliveries=True))
    blocked = CustomerBlock.objects.filter(end__isnull=True).exclude(valid_to__lt=today)
    if accounts.exists() and not accounts.filter(control).exists():
        if not (stops.exists() or blocked.exists()):
            yield Ailment(
                "nothing_holds",
                _("Control is on, but nothing can ever hold: no row holds, and every customer's control over its limit is"
                  " “nothing” or “warns”."),
                "admin:policy_rulerow_changelist", grave=True,
            )  # fmt: skip
        else:
            yield Ailment(
                "only_stops",
                _("Only stops by hand can hold: no row holds, and every customer's control over its limit is “nothing” or"
                  " “warns”."),
                "admin:policy_rulerow_changelist",
            )  # fmt: skip


def _ranks(policy: Policy) -> Iterator[Ailment]:
    if policy.check_terms_increase:
        unranked = PaymentTerms.objects.filter(rank__isnull=True).order_by("code").values_list("code", flat=True)
        if unranked:
            yield Ailment(
                "unranked_terms",
                _("Longer terms than usual are checked, but these have no rank and are never compared: %(codes)s.")
                % {"codes": _some(unranked)},
                "admin:customers_paymentterms_changelist",
            )  # fmt: skip
    if policy.check_discount_increase:
        bare = SettlementDiscount.objects.filter(rank__isnull=True).order_by("code").values_list("code", flat=True)
        if bare:
            yield Ailment(
                "unranked_discounts",
                _("Bigger discounts than usual are checked, but these have no rank and are never compared: %(codes)s.")
                % {"codes": _some(bare)},
                "admin:customers_settlementdiscount_changelist",
            )  # fmt: skip


def without_limit(*, today: date) -> Any:
    """Return the customers that have no limit today, nor one to inherit: they get no credit."""
    grants = Limit.objects.filter(customer=OuterRef("pk"), valid_from__lte=today)
    base = grants.filter(kind=LimitKind.BASE).order_by("-valid_from", "-pk").values("state")[:1]
    temporary = grants.filter(kind=LimitKind.TEMPORARY, valid_to__gte=today)
    return (
        Customer.objects.annotate(base=Subquery(base))
        .filter(Q(base=None) | Q(base=LimitState.INHERIT), ~Exists(temporary), parent=None, shared_limits=None)
        .filter(Q(segment=None) | Q(segment__state=LimitState.INHERIT))
        .filter(credit_account__excluded=False)
    )


def _customers(today: date) -> Iterator[Ailment]:
    bare = Customer.objects.filter(credit_account=None).order_by("code").values_list("code", flat=True)
    if bare:
        yield Ailment(
            "no_account",
            ngettext(
                "%(count)s customer has no credit account and cannot be checked: %(codes)s.",
                "%(count)s customers have no credit account and cannot be checked: %(codes)s.",
                len(bare),
            )
            % {"count": language.number(len(bare)), "codes": _some(bare)},
            "admin:customers_customer_changelist", grave=True,
        )  # fmt: skip
    unlimited = without_limit(today=today).order_by("code").values_list("code", flat=True)
    if unlimited:
        yield Ailment(
            "no_limit",
            ngettext(
                "%(count)s customer has neither a limit nor one to inherit, and gets no credit: %(codes)s.",
                "%(count)s customers have neither a limit nor one to inherit, and get no credit: %(codes)s.",
                len(unlimited),
            )
            % {"count": language.number(len(unlimited)), "codes": _some(unlimited)},
            "customers",
        )  # fmt: skip
    accounts = CreditAccount.objects.filter(excluded=False)
    if accounts.exists() and not accounts.exclude(control=Control.NONE).exists():
        yield Ailment(
            "control_none",
            _("Every customer's control over its own limit is “nothing”: no limit of one's own holds or warns."),
            "admin:customers_customer_changelist",
        )  # fmt: skip


def _idle_settings(policy: Policy) -> Iterator[Ailment]:
    if policy.recheck_after_release != "ALWAYS" and any(s.on and s.grace_days for s in _settings(policy)):
        yield Ailment(
            "idle_grace",
            _("Grace days are set, but they count only where released documents are checked again at every"
              " attempt: now releases themselves say what they cover."),
            "admin:policy_parameters_changelist",
        )  # fmt: skip
    if not policy.check_shared_limit and SharedLimit.objects.filter(members__isnull=False).exists():
        yield Ailment(
            "shared_unchecked", _("Shared limits are not checked, although customers share some."),
            "admin:policy_parameters_changelist",
        )  # fmt: skip
    companies = set(Company.objects.values_list("pk", flat=True))
    gone = sorted(own.code for company, own in policy.companies.items() if company not in companies)
    if gone:
        yield Ailment(
            "unknown_company",
            _("Checkpoints are set for companies that are no more: %(companies)s.") % {"companies": _some(gone)},
            "admin:policy_checkpoint_changelist",
        )  # fmt: skip


def _rows(policy: Policy, today: date) -> Iterator[Ailment]:
    for one in idle(policy.rows, today=today):
        yield Ailment(
            "idle_row",
            _("Row %(row)s (%(rule)s) has no effect. %(why)s")
            % {"row": one.row.id, "rule": language.say(one.row.rule.label), "why": one.why},
            "admin:policy_rulerow_change", one.row.id,
        )  # fmt: skip
    accounts = CreditAccount.objects.all()
    peopled = {
        "group": set(accounts.values_list("credit_group__code", flat=True).distinct()),
        "class": set(accounts.values_list("risk_class__code", flat=True).distinct()),
    }
    for row in policy.rows:
        empty = ""
        if row.scope == "group" and row.scope_code not in peopled["group"]:
            empty = _("nobody is in group %(code)s") % {"code": row.scope_code}
        elif row.risk_class is not None and row.risk_class not in peopled["class"]:
            empty = _("nobody is of risk class %(code)s") % {"code": row.risk_class}
        if empty:
            yield Ailment(
                "nobody",
                _("Row %(row)s (%(rule)s) speaks of nobody now: %(empty)s.")
                % {"row": row.id, "rule": language.say(row.rule.label), "empty": empty},
                "admin:policy_rulerow_change", row.id,
            )  # fmt: skip
    expiring = any(row.rule.code == "limit_expired" and row.kind == "block" for row in policy.rows)
    if expiring and policy.blank_limit_expiry == "NEVER":
        limits = Limit.objects.filter(kind=LimitKind.BASE)
        if limits.exists() and not limits.filter(valid_to__isnull=False, valid_to__gt=F("valid_from")).exists():
            yield Ailment(
                "no_last_days",
                _("“Limit expired” looks for a last day, but no limit has one, and a limit without one never expires."),
                "admin:policy_parameters_changelist",
            )  # fmt: skip
