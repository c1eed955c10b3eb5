"""Refusals: what is not allowed at all, with a code that stays and a sentence that can be shown to a person."""


class Refused(Exception):
    """The step is not allowed. `code` never changes its name; `field` names the place where it was typed."""

    code = "invalid_value"

    def __init__(self, sentence: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(sentence)
        if code is not None:
            self.code = code
        self.field = field


class InvalidState(Refused):
    """The document is in a state that does not allow this step."""

    code = "invalid_state"


class HoldOpen(Refused):
    """The document is held; decide the hold first."""

    code = "hold_open"


class CustomerStopped(Refused):
    """The account's status refuses this document."""

    code = "customer_stopped"


class Duplicate(Refused):
    """This number or key is taken."""

    code = "duplicate"


class NotPermitted(Refused):
    """The person's roles do not open this door."""

    code = "not_permitted"


class FourEyes(Refused):
    """Nobody lets through what they entered or changed."""

    code = "four_eyes"


class AboveAuthority(Refused):
    """The amount is above what this person may release."""

    code = "above_authority"


class AlreadyReleased(Refused):
    """The hold was released before."""

    code = "already_released"


class AlreadyClosed(Refused):
    """The hold was closed before."""

    code = "already_closed"


class Stale(Refused):
    """Figures grew, or the document changed, since the page was drawn."""

    code = "stale"
