"""What changed in reference tables, and the chain that seals it together with every other history."""

import json
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from customers.models import Company, Customer
from documents.models import Document


class Exact(json.JSONDecoder):
    """Reads amounts as they were written: as decimals."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"parse_float": Decimal, **options})


class Kind(models.TextChoices):
    """What a row of the trail is about."""

    DECISION = "DECISION", _("decision")
    HOLD = "HOLD", _("hold")
    RELEASE = "RELEASE", _("release")
    LIMIT = "LIMIT", _("limit")
    REQUEST = "REQUEST", _("limit request")
    STOP = "STOP", _("stop or suspension")
    MASTER = "MASTER", _("master data")
    POLICY = "POLICY", _("rules and policy")
    AUTHORITY = "AUTHORITY", _("authority")
    ROLE = "ROLE", _("people and roles")
    LEDGER = "LEDGER", _("marks and bank lines")
    ORIGIN = "ORIGIN", _("origin of another row")


class Action(models.TextChoices):
    """What happened to a row."""

    INSERT = "INSERT", _("added")
    UPDATE = "UPDATE", _("changed")
    DELETE = "DELETE", _("removed")


class Change(models.Model):
    """One row of a watched table was added, changed or removed. Written by the database alone; append-only.

    `was` and `becomes` hold the columns that differ; of a row that was added or removed, all of them. Where the
    product does not say who acts, `channel` is the name of the program that was connected.
    """

    at = models.DateTimeField(_("when"))
    table_name = models.CharField(_("table"), max_length=63)
    row_id = models.CharField(_("row"), max_length=40)
    action = models.CharField(_("what"), max_length=6, choices=Action)
    subject = models.CharField(_("named"), max_length=150, blank=True, default="")
    customer = models.ForeignKey(
        Customer, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+", db_index=False
    )
    was = models.JSONField(_("was"), default=dict, decoder=Exact)
    becomes = models.JSONField(_("becomes"), default=dict, decoder=Exact)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+",
        db_index=False,
    )  # fmt: skip
    who = models.CharField(_("who"), max_length=150, blank=True, default="")
    address = models.CharField(_("from address"), max_length=60, blank=True, default="")
    channel = models.CharField(_("by way of"), max_length=60, blank=True, default="")
    on_behalf_of = models.CharField(_("on behalf of"), max_length=150, blank=True, default="")
    reason = models.CharField(_("why"), max_length=300, blank=True, default="")
    database_role = models.CharField(_("role in the database"), max_length=63)

    class Meta:
        indexes = [models.Index(fields=["table_name", "row_id"], name="audit_changes_of_row")]

    def __str__(self) -> str:
        return f"{self.table_name} {self.row_id} {self.action}"


class Seal(models.Model):
    """A batch of rows that was sealed, and the end of the chain up to it. Append-only.

    `upto` says for every table up to which id all rows are sealed, `columns` which columns went into the digests of
    this batch. `digest` covers both, and the chain before.
    """

    number = models.BigIntegerField(_("number"), primary_key=True)
    first = models.BigIntegerField(_("first row"))
    last = models.BigIntegerField(_("last row"))
    upto = models.JSONField(_("sealed up to"))
    columns = models.JSONField(_("columns"))
    digest = models.BinaryField(_("digest"), max_length=32)
    sealed_at = models.DateTimeField(_("sealed at"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["last"], name="audit_seals_do_not_overlap"),
            models.CheckConstraint(condition=models.Q(last__gte=models.F("first")), name="audit_seal_holds_rows"),
        ]

    def __str__(self) -> str:
        return f"{self.number}"


class SealedRow(models.Model):
    """One row of a history, as a link of the chain and as a line of the audit trail. Append-only.

    `digest` is the SHA-256 of the row itself, `link` that of the link before and of everything that stands here.
    """

    position = models.BigIntegerField(_("position"), primary_key=True)
    table_name = models.CharField(_("table"), max_length=63)
    row = models.BigIntegerField(_("row"))
    digest = models.BinaryField(_("digest"), max_length=32)
    link = models.BinaryField(_("link"), max_length=32)
    at = models.DateTimeField(_("when"))
    kind = models.CharField(_("kind"), max_length=9, choices=Kind)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+",
        db_index=False,
    )  # fmt: skip
    who = models.CharField(_("who"), max_length=150, blank=True, default="")
    address = models.CharField(_("from address"), max_length=60, blank=True, default="")
    company = models.ForeignKey(
        Company, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+", db_index=False
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+", db_index=False
    )
    document = models.ForeignKey(
        Document, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+", db_index=False
    )
    text = models.TextField(_("what"), blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["table_name", "row"], name="audit_a_row_is_sealed_once")]
        indexes = [
            models.Index(fields=["at", "position"], name="audit_by_moment"),
            models.Index(fields=["kind", "at", "position"], name="audit_by_kind"),
            models.Index(fields=["user", "at", "position"], name="audit_by_person"),
            models.Index(fields=["customer", "at", "position"], name="audit_by_customer"),
            models.Index(fields=["document", "at", "position"], name="audit_by_document"),
            models.Index(fields=["address", "at", "position"], name="audit_by_address"),
            GinIndex(OpClass(Upper("text"), name="gin_trgm_ops"), name="audit_by_text"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.table_name} {self.row}"


class Verification(models.Model):
    """The chain was verified: up to which seal, over how many rows, with what outcome. Append-only."""

    made_at = models.DateTimeField(_("made at"))
    seal = models.BigIntegerField(_("up to seal"))
    rows = models.BigIntegerField(_("rows"))
    breaks = models.BigIntegerField(_("breaks"))
    first_break = models.TextField(_("first break"), blank=True, default="")
    seconds = models.DecimalField(_("took, seconds"), max_digits=10, decimal_places=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(breaks=0, first_break="") | (models.Q(breaks__gt=0) & ~models.Q(first_break="")),
                name="audit_break_is_told",
            )
        ]

    def __str__(self) -> str:
        return f"{self.seal}: {self.breaks}"
