"""Exposure: the formula, the ledger that follows it by difference, and its reading. It judges nothing."""
