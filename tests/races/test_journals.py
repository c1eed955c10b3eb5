"""Two people at a journal in the same instant: it is posted once and the other told; what is withdrawn is not posted too."""

from decimal import Decimal
from typing import Any

import pytest

from approvals import journals
from approvals.journals import NewLine
from approvals.models import JournalState, LimitJournal
from creditrisk.refusal import AlreadyClosed
from customers.models import Limit
from tests.cast import NOW, Cast, assemble
from tests.races.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 10


def agreed(cast: Cast, amount: int) -> LimitJournal:
    journal = journals.prepare("review", company=None, by=cast.carla, now=NOW)
    lines = [NewLine(customer, Decimal(amount), "HAND") for customer in (cast.rossi, cast.bianchi)]
    journals.add(journal, lines, by=cast.carla, now=NOW)
    journals.send(journal, by=cast.carla, now=NOW)
    journals.approve(journal, by=cast.dario, now=NOW)
    return journal


def test_of_two_who_post_at_once_one_does_and_the_other_is_told() -> None:
    cast = assemble()
    before = Limit.objects.count()
    for n in range(1, TIMES + 1):
        journal = agreed(cast, 5000 + n)

        def post(by: Any, journal: LimitJournal = journal) -> Any:
            return journals.post(journal, by=by, now=NOW)

        found = at_once(lambda: post(cast.dario), lambda: post(cast.fiona))

        assert sorted(type(one).__name__ for one in found) == [AlreadyClosed.__name__, LimitJournal.__name__]
        assert Limit.objects.count() == before + 2 * n


def test_a_journal_that_is_withdrawn_while_it_is_posted_is_one_of_both() -> None:
    cast = assemble()
    for n in range(1, TIMES + 1):
        journal, before = agreed(cast, 5000 + n), Limit.objects.count()

        def withdraw(journal: LimitJournal = journal) -> Any:
            return journals.withdraw(journal, by=cast.carla, now=NOW)

        def post(journal: LimitJournal = journal) -> Any:
            return journals.post(journal, by=cast.dario, now=NOW)

        at_once(withdraw, post)

        journal.refresh_from_db()
        granted = Limit.objects.count() - before
        assert (journal.state, granted) in {(JournalState.POSTED, 2), (JournalState.WITHDRAWN, 0)}


def test_two_who_agree_at_once_agree_once_and_a_line_is_not_taken_for_both() -> None:
    cast = assemble()
    for n in range(1, TIMES + 1):
        journal = journals.prepare("review", company=None, by=cast.carla, now=NOW)
        journals.add(journal, [NewLine(cast.rossi, Decimal(5000 + n), "HAND")], by=cast.carla, now=NOW)
        journals.send(journal, by=cast.carla, now=NOW)

        def agree(by: Any, journal: LimitJournal = journal) -> Any:
            return journals.approve(journal, by=by, now=NOW)

        at_once(lambda: agree(cast.dario), lambda: agree(cast.fiona))

        (line,) = journal.lines.all()
        assert line.request is not None
        assert line.request.events.filter(step="APPROVED").count() == 1
