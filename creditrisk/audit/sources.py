"""The histories that make up the audit trail: how each is read, whose it is, and what its rows say.

One entry a table. The columns are SQL over `r`, the row; `tell` makes the sentence that people read and search.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from creditrisk.audit import wording

type Row = Mapping[str, Any]

_ACTOR = "coalesce(r.actor->>'address', '')"
_ORIGIN = "coalesce(o.address, '')"


@dataclass(frozen=True)
class Source:
    """A table of the trail. `more` are further columns that its sentence needs."""

    table: str
    kind: str
    at: str
    tell: Callable[[Row], str]
    user: str = "NULL::bigint"
    who: str = "coalesce(u.username, '')"
    address: str = "''"
    customer: str = "NULL::bigint"
    company: str = "coalesce(d.company_id, c.company_id)"
    document: str = "NULL::bigint"
    joins: str = ""
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Return the join that finds from which address a row came, where the row itself does not say."""
        if self.address != _ORIGIN:
            return ""
        return f"""LEFT JOIN LATERAL (SELECT n.address FROM audit_change n
                   WHERE n.table_name = '{self.table}' AND n.row_id = r.id::text AND n.action = 'INSERT'
                   ORDER BY n.id DESC LIMIT 1) o ON true"""

    def select(self, columns: list[str]) -> str:
        """Return the statement that reads rows between two ids, in their order; its parameters: above, up to, at most."""
        more = "".join(f", {sql} AS {name}" for name, sql in self.more.items())
        return f"""
            SELECT r.id, {digest_sql(columns)} AS digest, {self.at} AS at, {self.user} AS user_id, {self.who} AS who,
                   {self.address} AS address, {self.company} AS company_id, {self.customer} AS customer_id,
                   {self.document} AS document_id, d.number AS document_number, d.kind AS document_kind,
                   c.code AS customer_code, c.name AS customer_name{more}
              FROM (SELECT * FROM {self.table} WHERE id > %s AND id <= %s ORDER BY id LIMIT %s) r
              {self.joins} {self.origin}
              LEFT JOIN auth_user u ON u.id = {self.user}
              LEFT JOIN customers_customer c ON c.id = {self.customer}
              LEFT JOIN documents_document d ON d.id = {self.document}
             ORDER BY r.id"""


def digest_sql(columns: list[str]) -> str:
    """Return the SHA-256 of a row `r`: of its columns as a JSON array, written by PostgreSQL in UTC."""
    values = ", ".join(f'r."{name}"' for name in columns)
    return f"sha256(convert_to(jsonb_build_array({values})::text, 'UTF8'))"


_HOLD = "JOIN approvals_hold h ON h.id = r.hold_id"
# Held by hand: whoever did it. A later look without a decision is the worker's, or somebody's run over many holds.
_FIRST = "NOT EXISTS (SELECT FROM approvals_holdreview b WHERE b.hold_id = r.hold_id AND b.id < r.id)"
# What was asked for when a step was made; of steps that do not tell, what is asked for now.
_WANTED = "CASE WHEN w.wanted IS NULL THEN to_jsonb(q)->>'{0}' ELSE w.wanted->>'{0}' END"
_HELD = {"customer": "h.customer_id", "document": "h.document_id"}

SOURCES: Mapping[str, Source] = {source.table: source for source in (
    Source("decisions_decision", "DECISION", "r.decided_at", wording.decision, user="r.by_id", address=_ACTOR,
           customer="r.customer_id", document="r.document_id",
           more={name: f"r.{name}" for name in ("step", "verdict", "reasons", "warnings", "document_amount", "document_currency")}),
    Source("approvals_holdreview", "HOLD", "r.reviewed_at", wording.review, user=f"CASE WHEN r.decision_id IS NOT NULL THEN e.by_id WHEN {_FIRST} THEN h.opened_by_id END",
           address="coalesce(e.actor->>'address', r.actor->>'address', '')", joins=f"{_HOLD} LEFT JOIN decisions_decision e ON e.id = r.decision_id",
           more={"reasons": "r.reasons", "excess": "r.excess", "amount": "r.amount", "currency": "h.currency", "account_currency": "c.currency",
                 "forced": "h.forced_reason", "step": "h.step",
                 "first": _FIRST},
           **_HELD),
    Source("approvals_holdevent", "HOLD", "r.made_at", wording.hold_event, user="r.made_by_id", address=_ACTOR,
           joins=f"{_HOLD} LEFT JOIN auth_user t ON t.id = r.to_id",
           more={"step": "r.step", "note": "r.note", "whom": "t.username"}, **_HELD),
    Source("approvals_holdchange", "HOLD", "r.made_at", wording.hold_change, user="r.made_by_id", address=_ACTOR, joins=_HOLD,
           more={name: f"r.{name}" for name in ("was", "step", "checkpoint", "payload", "amount", "currency")}, **_HELD),
    Source("approvals_holdclosing", "HOLD", "r.closed_at", wording.closing, user="r.closed_by_id", address=_ACTOR, joins=_HOLD,
           more={"how": "r.how", "reason": "r.reason", "note": "r.note"}, **_HELD),
    Source("approvals_release", "RELEASE", "r.released_at", wording.release, user="r.released_by_id",
           address="coalesce(k.actor->>'address', '')",
           joins=f"{_HOLD} LEFT JOIN approvals_holdclosing k ON k.hold_id = r.hold_id",
           more={name: f"r.{name}" for name in ("step", "scope", "until", "cap", "amount", "currency", "reason", "note", "saw")},
           **_HELD),
    Source("customers_limit", "LIMIT", "r.granted_at", wording.limit, user="r.granted_by_id", address=_ORIGIN,
           customer="r.customer_id",
           joins="""LEFT JOIN customers_sharedlimit s ON s.id = r.shared_id
                    LEFT JOIN LATERAL (SELECT b.state, b.amount, b.currency FROM customers_limit b
                        WHERE b.kind = r.kind AND b.id < r.id
                          AND (b.customer_id = r.customer_id OR b.shared_id = r.shared_id)
                        ORDER BY b.id DESC LIMIT 1) p ON true""",
           more={**{name: f"r.{name}" for name in ("kind", "state", "amount", "currency", "valid_from", "valid_to", "reason")},
                 "shared": "s.code", "was_state": "p.state", "was_amount": "p.amount", "was_currency": "p.currency"}),
    Source("approvals_requestevent", "REQUEST", "r.made_at", wording.request_event, user="r.made_by_id", address=_ACTOR,
           customer="q.customer_id",
           joins=f"""JOIN approvals_limitrequest q ON q.id = r.request_id LEFT JOIN auth_user t ON t.id = r.to_id
                    LEFT JOIN LATERAL (SELECT b.wanted FROM approvals_requestevent b WHERE b.request_id = r.request_id
                        AND b.id <= r.id AND b.wanted ? 'reason' ORDER BY b.id DESC LIMIT 1) w ON true
                    LEFT JOIN customers_paymentterms pt ON pt.id = {_WANTED.format("terms_id")}::bigint""",
           more={"request": "q.id", "step": "r.step", "level": "r.level", "note": "r.note", "whom": "t.username",
                 "after": "r.state", "was": "r.was", "wanted": "r.wanted", "state": _WANTED.format("state_wanted"),
                 "amount": f"{_WANTED.format('amount')}::numeric", "currency": "q.currency", "terms": "pt.code",
                 "why": _WANTED.format("reason")}),
    Source("approvals_journalevent", "REQUEST", "r.made_at", wording.journal_event, user="r.made_by_id", address=_ACTOR,
           more={"journal": "r.journal_id", "step": "r.step", "lines": "r.lines", "note": "r.note"}),
    Source("approvals_attachment", "", "r.added_at", wording.attachment, user="r.added_by_id",
           address="coalesce(e.actor->>'address', g.actor->>'address', '')",
           customer="coalesce(h.customer_id, q.customer_id)", document="h.document_id",
           joins="""LEFT JOIN approvals_holdevent e ON e.id = r.hold_event_id LEFT JOIN approvals_hold h ON h.id = e.hold_id
                    LEFT JOIN approvals_requestevent g ON g.id = r.request_event_id
                    LEFT JOIN approvals_limitrequest q ON q.id = g.request_id""",
           more={"name": "r.name", "size": "r.size", "sha256": "r.sha256", "request": "q.id"}),
    Source("customers_customerblock", "STOP", "r.placed_at", wording.stop, user="r.placed_by_id", address=_ORIGIN,
           customer="r.customer_id",
           more={name: f"r.{name}" for name in ("orders", "deliveries", "valid_from", "valid_to", "note")}),
    Source("customers_customerblockend", "STOP", "r.ended_at", wording.stop_end, user="r.ended_by_id", address=_ORIGIN,
           customer="b.customer_id", joins="JOIN customers_customerblock b ON b.id = r.block_id", more={"note": "r.note"}),
    Source("approvals_suspensionchange", "STOP", "r.made_at", wording.suspension, user="r.made_by_id", address=_ACTOR,
           customer="r.customer_id", more={name: f"r.{name}" for name in ("suspended", "until", "source", "reason")}),
    Source("contacts_note", "MASTER", "r.made_at", wording.note, user="r.made_by_id", address=_ACTOR, customer="r.customer_id",
           more={name: f"r.{name}" for name in ("text", "next_contact", "promised_on", "promised", "currency")}),
    Source("approvals_substitution", "AUTHORITY", "r.made_at", wording.substitution, address=_ACTOR,
           user="(SELECT x.id FROM auth_user x WHERE x.username = r.actor->>'user')", who="coalesce(r.actor->>'user', '')",
           joins="JOIN auth_user a ON a.id = r.absent_id JOIN auth_user t ON t.id = r.substitute_id",
           more={"absent": "a.username", "whom": "t.username", "valid_from": "r.valid_from", "valid_to": "r.valid_to", "note": "r.note"}),
    Source("approvals_substitutionend", "AUTHORITY", "r.ended_at", wording.substitution_end, address=_ACTOR,
           user="(SELECT x.id FROM auth_user x WHERE x.username = r.actor->>'user')", who="coalesce(r.actor->>'user', '')",
           joins="""JOIN approvals_substitution b ON b.id = r.substitution_id JOIN auth_user a ON a.id = b.absent_id
                    JOIN auth_user t ON t.id = b.substitute_id""", more={"absent": "a.username", "whom": "t.username"}),
    Source("policy_policyversion", "POLICY", "r.saved_at", wording.version, user="r.saved_by_id", address=_ORIGIN,
           more={"number": "r.number", "note": "r.note"}),
    Source("quality_merge", "MASTER", "r.made_at", wording.merge, user="r.made_by_id", address=_ORIGIN, customer="r.into_id",
           joins="JOIN customers_customer x ON x.id = r.duplicate_id",
           more={"duplicate": "x.code || ' ' || x.name", "reason": "r.reason"}),
    Source("ledger_itemmark", "LEDGER", "r.made_at", wording.mark, user="r.made_by_id", address=_ORIGIN, customer="i.customer_id",
           document="i.document_id", joins="JOIN ledger_openitem i ON i.id = r.item_id",
           more={"item": "i.reference", "mark": "r.mark", "set": 'r."on"', "reason": "r.reason"}),
    Source("ledger_creditline", "LEDGER", "r.agreed_at", wording.bank_line, user="r.agreed_by_id", address=_ORIGIN,
           company="a.company_id", joins="JOIN ledger_bankaccount a ON a.id = r.account_id",
           more={"account": "a.name", "currency": "a.currency", "kind": "r.kind", "amount": "r.amount", "valid_from": "r.valid_from"}),
    Source("audit_change", "", "r.at", wording.change, user="r.user_id", who="coalesce(nullif(r.who, ''), u.username, '')",
           address="r.address", customer="r.customer_id",
           document="""CASE r.table_name WHEN 'approvals_hold' THEN
                       (SELECT h.document_id FROM approvals_hold h WHERE h.id = r.row_id::bigint) END""",
           more={name: f"r.{name}" for name in ("table_name", "row_id", "action", "subject", "was", "becomes", "reason")}),
)}  # fmt: skip
