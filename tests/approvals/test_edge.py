"""The first number that is so is found whatever is guessed, and a right guess spares the halving."""

from hypothesis import given
from hypothesis import strategies as st

from approvals.remedies import edge

NUMBERS = st.integers(-(10**12), 10**12)


@given(NUMBERS, st.integers(1, 10**9), st.integers(0, 10**9), st.lists(NUMBERS, max_size=4), st.booleans())
def test_it_is_found_whatever_is_guessed(turn: int, before: int, beyond: int, guesses: list[int], surely: bool) -> None:
    found = edge.first(lambda n: n >= turn, no=turn - before, most=turn + beyond, near=guesses, surely=surely)

    assert found == turn


@given(NUMBERS, st.integers(1, 10**9), st.integers(1, 10**9), st.lists(NUMBERS, max_size=4))
def test_where_not_even_the_most_is_so_there_is_none(turn: int, before: int, short: int, guesses: list[int]) -> None:
    no = turn - short - before

    assert edge.first(lambda n: n >= turn, no=no, most=turn - short, near=[*guesses, turn - short]) is None
    assert edge.first(lambda n: n >= turn, no=no, most=turn - short, near=guesses) is None


@given(NUMBERS, st.integers(3, 10**9), st.integers(0, 10**9), st.booleans())
def test_a_right_guess_takes_two_questions(turn: int, before: int, beyond: int, surely: bool) -> None:
    asked: list[int] = []

    def is_so(number: int) -> bool:
        asked.append(number)
        return number >= turn

    assert edge.first(is_so, no=turn - before, most=turn + beyond, near=[turn], surely=surely) == turn
    assert asked == [turn, turn - 1][surely and not beyond :]


@given(NUMBERS, st.integers(1, 10**9), st.integers(1, 10**9), NUMBERS)
def test_a_wrong_guess_costs_two_questions_and_what_is_known_is_never_asked_about(
    turn: int, before: int, beyond: int, guess: int
) -> None:
    asked: list[int] = []

    def is_so(number: int) -> bool:
        asked.append(number)
        return number >= turn

    edge.first(is_so, no=turn - before, most=turn + beyond, near=[guess], surely=True)

    assert len(asked) <= 2 + (before + beyond).bit_length()
    assert all(turn - before < n < turn + beyond for n in asked)
