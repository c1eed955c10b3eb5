"""How far an import is, told beside its transaction, which nobody else sees into; lost where no broker answers."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import caches
from redis import RedisError

logger = logging.getLogger(__name__)
HOUR = 3600


def tell(upload_id: int, done: int, of: int) -> bool:
    """This will say how many rows are done, of how many; False where nobody listens: each try may cost two seconds."""
    with _perhaps("told"):
        caches["passing"].set(_key(upload_id), (done, of), timeout=HOUR)
        return True
    return False


def told(upload_id: int) -> tuple[int, int]:
    """Return how many rows are done, of how many; 0 of 0 where that is not known."""
    done, of = 0, 0
    with _perhaps("read"):
        done, of = caches["passing"].get(_key(upload_id), (0, 0))
    return done, of


def end(upload_id: int) -> None:
    """This will take back what was said."""
    with _perhaps("ended"):
        caches["passing"].delete(_key(upload_id))


@contextmanager
def _perhaps(what: str) -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        logger.warning("The progress of an import was not %s: %s", what, error)


def _key(upload_id: int) -> str:
    return f"takeover:progress:{upload_id}"
