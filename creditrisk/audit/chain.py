"""The chain: what goes into a digest, and how one follows from the one before. Pure.

Canonical text is JSON without blanks, times in UTC to the microsecond. A link is the SHA-256 of the link before it and
of the canonical text of its row; the first link of a batch follows the digest of the seal before, and the digest of a
seal follows the last link of its batch. So there is one chain through rows and seals, beginning with 32 zero bytes.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

BEGINNING = bytes(32)


def link(before: bytes, row: Mapping[str, Any]) -> bytes:
    """Return the link of a sealed row, from its fields by name."""
    return _follow(before, [
        row["position"], row["table_name"], row["row"], bytes(row["digest"]).hex(), _moment(row["at"]), row["kind"], row["user_id"],
        row["who"], row["address"], row["company_id"], row["customer_id"], row["document_id"], row["text"],
    ])  # fmt: skip


def seal(before: bytes, made: Mapping[str, Any]) -> bytes:
    """Return the digest of a seal that follows the last link of its batch."""
    return _follow(before, [
        made["number"], made["first"], made["last"], made["upto"], made["columns"], _moment(made["sealed_at"]),
    ])  # fmt: skip


def _follow(before: bytes, content: list[Any]) -> bytes:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(before + text.encode()).digest()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
