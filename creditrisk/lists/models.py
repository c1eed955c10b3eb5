"""Views of lists that people keep: which filter, order and columns, under which name, for whom; and which one opens first."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from creditrisk.roles import ROLES

QUERY_MAX = 2000


class SavedView(models.Model):
    """What the address of a list said when somebody gave it a name. Its owner's, or seen by everybody in one role."""

    list_name = models.CharField(_("list"), max_length=60)
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("address"), max_length=QUERY_MAX, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(_("shared with"), max_length=20, blank=True, default="")
    saved_at = models.DateTimeField(_("saved at"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "list_name", "name"], name="lists_one_view_a_name"),
            models.CheckConstraint(condition=Q(role__in=("", *ROLES)), name="lists_shared_with_a_role"),
        ]

    def __str__(self) -> str:
        return self.name


class FirstView(models.Model):
    """The view with which a list opens for one person."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    list_name = models.CharField(max_length=60)
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="first_for")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "list_name"], name="lists_one_first_view")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.list_name}"
