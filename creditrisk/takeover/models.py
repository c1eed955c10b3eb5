"""What was uploaded, by whom, what its columns mean, and what became of each row."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from creditrisk import language
from customers.models import Company, currency_field


class What(models.TextChoices):
    """What the rows of an upload are."""

    CUSTOMERS = "CUSTOMERS", _("customers")
    LIMITS = "LIMITS", _("credit limits")
    ITEMS = "ITEMS", _("open items")
    PAYMENTS = "PAYMENTS", _("payments")
    DOCUMENTS = "DOCUMENTS", _("orders, delivery notes and invoices")


class UploadState(models.TextChoices):
    COLUMNS = "COLUMNS", _("columns to be named")
    TO_CHECK = "TO_CHECK", _("waits to be checked")
    CHECKING = "CHECKING", _("is being checked")
    CHECKED = "CHECKED", _("checked")
    TO_CARRY = "TO_CARRY", _("waits to be carried out")
    CARRYING = "CARRYING", _("is being carried out")
    DONE = "DONE", _("carried out")
    FAILED = "FAILED", _("failed")


class Mode(models.TextChoices):
    ALL = "ALL", _("all or nothing")
    ROWS = "ROWS", _("row by row")


class Outcome(models.TextChoices):
    CREATED = "CREATED", _("created")
    CHANGED = "CHANGED", _("changed")
    ALREADY = "ALREADY", _("there already")
    REFUSED = "REFUSED", _("refused")


class Upload(models.Model):
    """One file that was sent in. It is kept, with its hash: what was imported can always be looked at again."""

    what = models.CharField(_("what"), max_length=12, choices=What)
    name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    size = models.PositiveIntegerField(_("bytes"))
    content = models.BinaryField()
    encoding = models.CharField(_("encoding"), max_length=20, default="utf-8")
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("company of rows that name none")
    )
    currency = currency_field(blank=True, default="")
    columns = models.JSONField(_("our field: their column"), default=dict, blank=True)
    styles = models.JSONField(_("our field: how it is written"), default=dict, blank=True)
    confirms = models.BooleanField(_("confirm orders, deliver, issue and post invoices"), default=False)
    oldest_first = models.BooleanField(_("payments settle the oldest items"), default=False)
    state = models.CharField(_("state"), max_length=10, choices=UploadState, default=UploadState.COLUMNS)
    mode = models.CharField(_("mode"), max_length=4, choices=Mode, default=Mode.ALL)
    error = models.CharField(_("why it failed"), max_length=500, blank=True, default="")
    told = models.JSONField(null=True, blank=True, editable=False)
    counts = models.JSONField(default=dict, blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded"))
    claimed_at = models.DateTimeField(null=True, blank=True)
    carried_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    carried_at = models.DateTimeField(_("carried out"), null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="DONE") | Q(carried_at__isnull=False), name="takeover_done_has_a_moment"
            )
        ]
        indexes = [
            models.Index(fields=["sha256"], name="takeover_by_hash"),
            models.Index(
                fields=["state"],
                condition=Q(state__in=["TO_CHECK", "CHECKING", "TO_CARRY", "CARRYING"]),
                name="takeover_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def says(self) -> str:
        """Why not, in the reader's language; what was kept before that was possible stands as it was kept."""
        return language.retold(self.told) if self.told else self.error


class UploadRow(models.Model):
    """What becomes, or became, of one row."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(_("row"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome)
    key = models.CharField(_("key"), max_length=120, blank=True, default="")
    sentence = models.CharField(_("what"), max_length=500, blank=True, default="")
    told = models.JSONField(null=True, blank=True, editable=False)
    cells = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="takeover_a_row_once")]
        indexes = [models.Index(fields=["upload", "outcome", "number"], name="takeover_rows_by_outcome")]

    def __str__(self) -> str:
        return f"{self.upload_id}/{self.number}"

    @property
    def says(self) -> str:
        """What, or why not, in the reader's language; what was kept before that was possible stands as it was kept."""
        return language.retold(self.told) if self.told else self.sentence


class KeptMapping(models.Model):
    """The meaning of a file's columns, kept by name for the next file of its kind."""

    what = models.CharField(_("what"), max_length=12, choices=What)
    name = models.CharField(_("name"), max_length=60)
    columns = models.JSONField(default=dict)
    styles = models.JSONField(default=dict)
    kept_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["what", "name"], name="takeover_one_mapping_per_name")]

    def __str__(self) -> str:
        return self.name
