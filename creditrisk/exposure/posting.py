"""The functions that post: one for all that may be touched, one for documents alone.

What the server prepares for a statement grows with what the statement could read, and a decision touches documents alone.
"""

from pathlib import Path

TEMPLATE = Path(__file__).with_name("post.sql")
# By the argument that brings the keys: where they come from, as the ledger writes it.
ORIGINS = {"documents": "D", "items": "I", "effects": "E"}

_SAID = """SELECT f.origin, f.source_id, f.customer_id, f.company_id, f.bucket, f.day, f.currency, f.amount
        FROM exposure_formula f WHERE f.origin = '{origin}' AND f.source_id = ANY ({keys})
        UNION ALL
        SELECT e.origin, e.source_id, e.customer_id, e.company_id, e.bucket, e.day, e.currency, -e.amount
        FROM exposure_entry e WHERE e.origin = '{origin}' AND e.source_id = ANY ({keys})"""


def functions() -> str:
    """Return the SQL that makes both, or makes them anew."""
    return _function("exposure_post", *ORIGINS) + _function("exposure_post_documents", "documents")


def _function(name: str, *touched: str) -> str:
    said = "\n        UNION ALL\n        ".join(_SAID.format(origin=ORIGINS[keys], keys=keys) for keys in touched)
    return (
        TEMPLATE.read_text()
        .replace("{name}", name)
        .replace("{keys}", ", ".join(f"{keys} bigint[]" for keys in touched))
        .replace("{said}", said)
    )
