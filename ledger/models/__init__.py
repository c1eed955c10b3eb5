"""What is owed: open items and what settles them, effects and the banks they go to, exchange rates."""

from ledger.models.banks import BankAccount, CreditLine, LineKind, Numbered, NumberSeries
from ledger.models.effects import (
    Effect,
    EffectEvent,
    EffectItem,
    EffectKind,
    EffectState,
    Presentation,
    PresentationMode,
)
from ledger.models.items import (
    Allocation,
    ExchangeRate,
    ItemKind,
    ItemMark,
    Mark,
    OpenItem,
    Payment,
    WriteOffAuthority,
)

__all__ = [
    "Allocation", "BankAccount", "CreditLine", "Effect", "EffectEvent", "EffectItem", "EffectKind", "EffectState",
    "ExchangeRate", "ItemKind", "ItemMark", "LineKind", "Mark", "NumberSeries", "Numbered", "OpenItem", "Payment",
    "Presentation", "PresentationMode", "WriteOffAuthority",
]  # fmt: skip
