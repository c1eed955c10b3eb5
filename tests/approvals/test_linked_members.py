"""A late member of a group that answers together is told by number and name, wherever the finding is read."""

from datetime import timedelta
from decimal import Decimal as D

from django.urls import reverse

from approvals import booking, preview, queries
from approvals.models import Hold
from customers.models import SharedLimit
from tests.approvals.looking import held
from tests.cast import NOW, TODAY, Cast, policy
from tests.pages import as_user, words

SENTENCE = "NERI Neri, which shares a limit with this customer, is 9 days overdue"


def held_for_neri(cast: Cast) -> Hold:
    """Hold an order of Rossi because Neri, with whom it shares a limit, is late."""
    policy(rules=[{"rule": "days_overdue", "days": 5}])
    group = SharedLimit.objects.create(code="GROUP", currency="EUR", count_member_overdue=True)
    group.members.set([cast.rossi, cast.neri])
    booking.grant_limit(shared=group, amount=D(9000), valid_from=TODAY, by=cast.dario, now=NOW)
    cast.item(cast.neri, "400", due=TODAY - timedelta(days=9), reference="HERS")
    return held(cast, cast.rossi, "500")


def test_on_the_desk_and_while_typing(cast: Cast) -> None:
    hold = held_for_neri(cast)

    row = queries.open_hold(hold.document, today=TODAY)
    typed = preview.preview(cast.rossi, amounts=[D(500)], kind="ORDER", currency="EUR", today=TODAY)

    assert row is not None
    assert [told.text.startswith(SENTENCE) for told in row.told] == [True]
    assert SENTENCE in " ".join(told.text for told in typed.told)


def test_on_the_page_of_the_decision(cast: Cast) -> None:
    hold = held_for_neri(cast)
    decision = hold.reviews.get().decision
    assert decision is not None

    page = words(as_user(cast.carla.user).get(reverse("decision", args=[decision.pk])))

    assert SENTENCE in page
