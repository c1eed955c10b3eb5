"""Where judging turns: the first number for which something is so, found with few questions."""

from collections.abc import Callable, Iterable


def first(is_so: Callable[[int], bool], *, no: int, yes: int, near: Iterable[int] = ()) -> int:
    """Return the smallest number that is so, where `no` is not, `yes` is, and whatever lies beyond one that is so is so too.

    Guesses `near` it are tried before halving: one that is right takes two questions, halving one for every binary digit.
    """
    for guess in near:
        for number in (guess, guess - 1):
            if no < number < yes:
                if is_so(number):
                    yes = number
                else:
                    no = number
    while yes - no > 1:
        middle = (no + yes) // 2
        if is_so(middle):
            yes = middle
        else:
            no = middle
    return yes
