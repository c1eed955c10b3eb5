"""The first number that is so is found whatever is guessed, and a right guess spares the halving."""

from hypothesis import given
from hypothesis import strategies as st

from approvals.remedies import edge

NUMBERS = st.integers(-(10**12), 10**12)


@given(NUMBERS, st.integers(1, 10**9), st.integers(0, 10**9), st.lists(NUMBERS, max_size=4))
def test_it_is_found_whatever_is_guessed(turn: int, before: int, beyond: int, guesses: list[int]) -> None:
    found = edge.first(lambda n: n >= turn, no=turn - before, yes=turn + beyond, near=guesses)

    assert found == turn


@given(NUMBERS, st.integers(3, 10**9), st.integers(2, 10**9))
def test_a_right_guess_takes_two_questions(turn: int, before: int, beyond: int) -> None:
    asked: list[int] = []

    def is_so(number: int) -> bool:
        asked.append(number)
        return number >= turn

    assert edge.first(is_so, no=turn - before, yes=turn + beyond, near=[turn]) == turn
    assert asked == [turn, turn - 1]


@given(NUMBERS, st.integers(1, 10**9), st.integers(1, 10**9), NUMBERS)
def test_a_wrong_guess_costs_two_questions_and_an_end_is_never_asked_about(
    turn: int, before: int, beyond: int, guess: int
) -> None:
    asked: list[int] = []

    def is_so(number: int) -> bool:
        asked.append(number)
        return number >= turn

    edge.first(is_so, no=turn - before, yes=turn + beyond, near=[guess])

    assert len(asked) <= 2 + (before + beyond).bit_length()
    assert all(turn - before < n < turn + beyond for n in asked)
