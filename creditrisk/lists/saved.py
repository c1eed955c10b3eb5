"""The views that people keep of a list: whose they are, who sees them, and which one opens first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from creditrisk.lists.models import QUERY_MAX, FirstView, SavedView
from creditrisk.refusal import Refused
from creditrisk.roles import roles_of


@dataclass(frozen=True)
class View:
    """One view as its reader sees it."""

    id: int
    name: str
    query: str
    role: str
    owner: str
    is_mine: bool
    is_first: bool
    may_drop: bool


def visible(user: Any) -> QuerySet[SavedView]:
    """Return the views that somebody sees: their own, and those shared with a role of theirs."""
    return SavedView.objects.filter(Q(owner=user) | Q(role__in=roles_of(user)))


def of_list(user: Any, list_name: str) -> list[View]:
    """Return the views of a list that somebody sees, by name: one query."""
    first = FirstView.objects.filter(user=user, view=OuterRef("pk"))
    found = visible(user).filter(list_name=list_name).select_related("owner").annotate(is_first=Exists(first))
    administers = "admin" in roles_of(user)
    return [
        View(
            v.pk, v.name, v.query, v.role, v.owner.get_full_name() or v.owner.get_username(), v.owner_id == user.pk,
            v.is_first, v.owner_id == user.pk or administers,
        )
        for v in found.order_by("name", "pk")
    ]  # fmt: skip


def keep(user: Any, list_name: str, *, name: str, query: str, role: str, first: bool, now: datetime) -> SavedView:
    """Keep a view under a name; one of the same name is replaced. With `first` the list opens with it.

    Raises Refused where it cannot be shared so, or says too much.
    """
    if role and role not in roles_of(user):
        raise Refused(_("You can share a view with a role of your own."), field="role")
    if len(query) > QUERY_MAX:
        raise Refused(_("This view says too much to be kept. Take some filters or columns away."), field="name")
    with transaction.atomic():
        made, _new = SavedView.objects.update_or_create(
            owner=user, list_name=list_name, name=name, defaults={"query": query, "role": role, "saved_at": now}
        )
        # A view that is not shared any more opens first for nobody else.
        gone = FirstView.objects.filter(view=made).exclude(user=user)
        if role:
            gone = gone.exclude(user__groups__name=role)
        gone.delete()
        if first:
            open_first(user, made)
        else:
            FirstView.objects.filter(user=user, view=made).delete()
    return made


def open_first(user: Any, view: SavedView) -> None:
    """Let the list of the view open with it for this person."""
    FirstView.objects.update_or_create(user=user, list_name=view.list_name, defaults={"view": view})


def open_plain(user: Any, list_name: str) -> None:
    """Let the list open as everybody sees it."""
    FirstView.objects.filter(user=user, list_name=list_name).delete()


def drop(user: Any, view: SavedView) -> None:
    """Forget a view, for everybody who saw it. Raises Refused for one of somebody else."""
    if view.owner_id != user.pk and "admin" not in roles_of(user):
        raise Refused(
            _("This view is %(owner)s's.") % {"owner": view.owner.get_full_name() or view.owner.get_username()}
        )
    view.delete()
