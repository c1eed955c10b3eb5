"""Where judging turns: the first number for which something is so, found with few questions."""

from collections.abc import Callable, Iterable


def first(
    is_so: Callable[[int], bool], *, no: int, most: int, near: Iterable[int] = (), surely: bool = False
) -> int | None:
    """Return the smallest number up to `most` that is so; None where not even `most` is, which may be known `surely`.

    `no` is not so, and whatever lies beyond one that is so is so too. Guesses `near` it are tried before halving: one that is
    right takes two questions, halving one for every binary digit.
    """
    yes = most if surely else most + 1
    for guess in near:
        for number in (guess, guess - 1):
            if no < number < yes:
                if is_so(number):
                    yes = number
                else:
                    no = number
    if yes > most:
        if no >= most or not is_so(most):
            return None
        yes = most
    while yes - no > 1:
        middle = (no + yes) // 2
        if is_so(middle):
            yes = middle
        else:
            no = middle
    return yes
