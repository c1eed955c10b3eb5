"""The pages of the ledger: open items and payments, effects."""
