"""Reports: what is told to whom and when; the editions that were made; their mailing, address by address."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Company, Customer, person_field

LAST_DAY = 31  # of a month, whatever month it is


class What(models.TextChoices):
    """What a report tells."""

    PORTFOLIO = "PORTFOLIO", _("portfolio of the week")
    PAYMENTS = "PAYMENTS", _("payment history of customers")


class Every(models.TextChoices):
    WEEK = "WEEK", _("every week")
    MONTH = "MONTH", _("every month")


class Grain(models.TextChoices):
    """How long the periods of a payment history are."""

    MONTH = "MONTH", _("months")
    QUARTER = "QUARTER", _("quarters")


class Weekday(models.IntegerChoices):
    """ISO 8601."""

    MONDAY = 1, _("Monday")
    TUESDAY = 2, _("Tuesday")
    WEDNESDAY = 3, _("Wednesday")
    THURSDAY = 4, _("Thursday")
    FRIDAY = 5, _("Friday")
    SATURDAY = 6, _("Saturday")
    SUNDAY = 7, _("Sunday")


class Language(models.TextChoices):
    ENGLISH = "en", "English"
    ITALIAN = "it", "Italiano"


class Report(models.Model):
    """A report of one company that comes by itself. Hours are those of the installation's time zone.

    A payment history tells of the customers named, or of those with the largest exposure.
    """

    name = models.CharField(_("name"), max_length=120)
    what = models.CharField(_("what it tells"), max_length=9, choices=What, default=What.PORTFOLIO)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, verbose_name=_("company"), related_name="+")
    language = models.CharField(_("language"), max_length=5, choices=Language, default=Language.ENGLISH)
    customers = models.ManyToManyField(Customer, verbose_name=_("customers"), blank=True, related_name="+")
    largest = models.PositiveSmallIntegerField(_("otherwise the largest"), default=10)
    grain = models.CharField(pgettext_lazy("periods", "by"), max_length=7, choices=Grain, default=Grain.MONTH)
    periods = models.PositiveSmallIntegerField(_("periods"), default=12)
    grace = models.PositiveSmallIntegerField(_("on time up to days after due"), default=7)
    every = models.CharField(_("how often"), max_length=5, choices=Every, default=Every.WEEK)
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday, null=True, blank=True)
    month_day = models.PositiveSmallIntegerField(_("day of the month"), null=True, blank=True)
    hour = models.PositiveSmallIntegerField(_("hour"), default=7)
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, verbose_name=_("people"), blank=True, related_name="+")
    addresses = models.TextField(_("further addresses"), blank=True, default="")
    active = models.BooleanField(_("comes by itself"), default=True)
    starts_at = models.DateTimeField(_("nothing is due before"))
    made_by = person_field()
    made_at = models.DateTimeField(_("made at"))
    error = models.CharField(_("why the last one could not be made"), max_length=500, blank=True, default="")
    failed_at = models.DateTimeField(_("failed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("report")
        constraints = [
            models.UniqueConstraint(fields=["company", "name"], name="reports_one_name_a_company"),
            models.CheckConstraint(
                condition=Q(every="WEEK", weekday__gte=1, weekday__lte=7, month_day__isnull=True)
                | Q(every="MONTH", month_day__gte=1, month_day__lte=LAST_DAY, weekday__isnull=True),
                name="reports_day_of_its_kind",
            ),
            models.CheckConstraint(condition=Q(hour__lte=23), name="reports_hour_of_a_day"),
            models.CheckConstraint(
                condition=Q(largest__gte=1, largest__lte=50, periods__gte=1, periods__lte=36, grace__lte=60),
                name="reports_not_endless",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def lines(self) -> list[str]:
        """Return the further addresses."""
        return [line.strip() for line in self.addresses.splitlines() if line.strip()]


class Edition(models.Model):
    """A report as it was made: once for each time that it was due, and whenever somebody wanted it. Append-only.

    `due_at` is the time that it was due, None where somebody asked; `day` the last business day that it tells of.
    """

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="editions")
    due_at = models.DateTimeField(pgettext_lazy("a report", "due"), null=True)
    day = models.DateField(_("business day"))
    title = models.CharField(_("title"), max_length=200)
    language = models.CharField(_("language"), max_length=5)
    body = models.TextField(_("pages"))
    book = models.BinaryField(_("workbook"))
    made_at = models.DateTimeField(_("made at"))
    made_by = person_field()

    class Meta:
        verbose_name = _("edition of a report")
        constraints = [
            models.UniqueConstraint(fields=["report", "due_at"], name="reports_one_edition_a_time"),
            models.CheckConstraint(
                condition=Q(due_at__isnull=False) | Q(made_by__isnull=False), name="reports_due_or_asked_for"
            ),
        ]
        indexes = [models.Index(fields=["report", "-id"], name="reports_newest_editions")]

    def __str__(self) -> str:
        return f"{self.title} {self.day}"


class DeliveryState(models.TextChoices):
    WAITING = "WAITING", _("waits")
    SENT = "SENT", _("sent")
    FAILED = "FAILED", _("given up")


class Delivery(models.Model):
    """An edition on its way to one address. Claimed by the worker; the same message keeps its id, however often tried."""

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="deliveries")
    address = models.EmailField(_("address"), max_length=254)
    name = models.CharField(_("name"), max_length=150, blank=True, default="")
    message_id = models.CharField(_("message id"), max_length=120, unique=True)
    state = models.CharField(_("state"), max_length=7, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try = models.DateTimeField(_("next try"), null=True)
    claimed_until = models.DateTimeField(_("claimed until"), null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    error = models.CharField(_("error"), max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["edition", "address"], name="reports_one_delivery_an_address"),
            models.CheckConstraint(
                condition=Q(state="SENT", sent_at__isnull=False) | (~Q(state="SENT") & Q(sent_at__isnull=True)),
                name="reports_sent_at_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(state="WAITING", next_try__isnull=False) | (~Q(state="WAITING") & Q(next_try__isnull=True)),
                name="reports_waits_for_a_moment",
            ),
        ]
        indexes = [models.Index(fields=["next_try"], condition=Q(state="WAITING"), name="reports_to_be_sent")]

    def __str__(self) -> str:
        return f"{self.address} {self.state}"
