"""Drawings of the ledger."""
