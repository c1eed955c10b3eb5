"""The words of the scenario format that are not anybody's own: codes, states, roles, kinds."""

from collections.abc import Mapping

from creditrisk import facts, roles

BUCKETS = facts.BUCKETS
CHECKPOINTS = facts.CHECKPOINTS
ROLES = roles.ROLES

# What an account's exposure is asked for.
FIGURES = (
    "total",
    "limit",
    "available",
    "used_percent",
    *BUCKETS,
    *facts.BESIDE,
    "days_overdue",
)

# What a sub-limit may bound.
COMPONENTS = (*BUCKETS, "overdue")

OUTCOMES = ("passed", "warned", "held", "refused")
STATES = (
    "draft", "confirmed", "picked", "part_delivered", "delivered", "invoiced", "issued", "posted", "closed",
    "cancelled",
)  # fmt: skip
ERRORS = (
    "four_eyes", "not_permitted", "above_authority", "already_released", "already_closed", "hold_open", "invalid_state",
    "invalid_value", "duplicate", "missing_rate", "customer_stopped",
)  # fmt: skip
# Beside one usage_N an alert threshold.
ALERTS = (
    "over_limit",
    "overdue",
    "limit_expiring",
    "limit_expired",
    "held",
    "released",
    "review_due",
)

# The values that a row of each rule has.
RULES: Mapping[str, tuple[str, ...]] = {
    "days_overdue": ("days", "amount", "currency"),
    "account_status": ("status",),
    "payment_terms": ("terms",),
    "limit_expired": ("days",),
    "overdue_amount": ("amount", "percent"),
    "order_amount": ("amount", "currency"),
    "limit_used": ("percent",),
    "unpaid_effects": ("count", "amount", "days"),
    "review_overdue": ("days",),
}
# Reasons that are not rows of rules.
STANDARD_REASONS = (
    "over_limit", "over_shared_limit", "over_sub_limit", "terms_increased", "discount_increased", "customer_blocked",
    "authorisation_required", "awaiting_payment", "forced", "suspended", "linked_overdue",
)  # fmt: skip
REASONS = (*RULES, *STANDARD_REASONS)

CONTROLS = ("none", "warn", "block")
STOPS = ("none", "invoice", "all")
EFFECT_KINDS = ("riba", "sdd", "draft", "promissory_note", "cheque")
PRESENTATION_MODES = ("sbf", "collection", "discount")
ITEM_KINDS = ("invoice", "credit_note", "payment", "opening")
RELEASE_SCOPES = ("this_step", "remaining_steps", "until")
