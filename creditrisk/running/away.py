"""Telling a database that is away, or full, from a fault of the product."""

from typing import Literal

import psycopg
from django.db import InterfaceError, OperationalError

Trouble = Literal["away", "full"]

# SQLSTATE, as PostgreSQL's manual lists them in its appendix A: connection exceptions, too many connections, shutting
# down, crashed, starting up; without any the server was not reached, or broke off.
_AWAY = ("08", "53300", "57P01", "57P02", "57P03")
_FULL = ("53100",)
_DEEP = 10
# The driver's own get through where Django closes a cursor of the server's after reading it row by row.
_OURS = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)


def trouble(error: BaseException | None) -> Trouble | None:
    """Return what of the database is behind an error; None where it is something else."""
    for _step in range(_DEEP):
        if error is None:
            return None
        if isinstance(error, _OURS):
            state = getattr(error if isinstance(error, psycopg.Error) else error.__cause__, "sqlstate", None)
            if isinstance(state, str) and state.startswith(_FULL):
                return "full"
            if state is None or state.startswith(_AWAY):
                return "away"
        error = error.__cause__ or error.__context__
    return None
