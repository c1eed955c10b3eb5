"""Which tables are watched, and the migration operation that watches them.

A trigger writes what changed into `audit_change`, whoever changed it: a page, the administration, an import, a worker
or somebody in psql. Tables that are append-only keep their own history; of those that do not say from which address a
row came, the adding is noted (`ORIGINS`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import migrations

NOTE_CHANGE = Path(__file__).with_name("note_change.sql")


@dataclass(frozen=True)
class Watch:
    """How a table is watched: what its changes are about, on which statements, which columns are left out or hidden."""

    kind: str
    on: str = "INSERT OR UPDATE OR DELETE"
    hidden: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    by_hand_alone: bool = False  # what a trigger changes for a row of a history is told by that row


MASTER, POLICY, AUTHORITY, ROLE, LIMIT = (Watch(kind) for kind in ("MASTER", "POLICY", "AUTHORITY", "ROLE", "LIMIT"))

WATCHED: Mapping[str, Watch] = {
    **dict.fromkeys((
        "bank_collectingaccount", "bank_drawnon", "customers_accountstatus", "customers_company", "customers_creditaccount",
        "customers_creditgroup", "customers_customer", "customers_paymentterms", "customers_region", "customers_riskclass",
        "customers_security", "customers_segment", "customers_settlementdiscount", "customers_termsinstalment",
        "documents_documenttype", "ledger_bankaccount", "approvals_releasereason", "reports_report_customers", "reports_report_people",
    ), MASTER),
    "reports_report": Watch("MASTER", hidden=("error", "failed_at")),
    **dict.fromkeys(("customers_sharedlimit", "customers_sharedlimit_members", "customers_sublimit"), LIMIT),
    **dict.fromkeys(("policy_alertthreshold", "policy_checkpoint", "policy_companycheckpoint", "policy_parameters", "policy_rulerow"), POLICY),
    **dict.fromkeys((
        "approvals_approvallevel", "approvals_authority", "approvals_authority_risk_classes", "ledger_writeoffauthority",
    ), AUTHORITY),
    **dict.fromkeys((
        "auth_group", "auth_group_permissions", "auth_user_groups", "auth_user_user_permissions", "customers_companyaccess",
    ), ROLE),
    "auth_user": Watch("ROLE", hidden=("last_login",), secret=("password",)),
    "mfa_authenticator": Watch("ROLE", hidden=("last_used_at",), secret=("data",)),
    "socialaccount_socialaccount": Watch("ROLE", hidden=("last_login", "extra_data")),
    "notices_endpoint": Watch("MASTER", secret=("secret",)),
    # Thousands come with one file, and none is ever changed by us.
    "ledger_exchangerate": Watch("MASTER", on="UPDATE OR DELETE"),
    # Moved by rows of their histories, which tell it; this is what the owner did to them past those.
    "approvals_limitrequest": Watch("REQUEST", on="UPDATE OR DELETE", by_hand_alone=True),
    "approvals_limitjournal": Watch("REQUEST", on="UPDATE OR DELETE", by_hand_alone=True),
    "approvals_hold": Watch("HOLD", on="UPDATE OR DELETE", by_hand_alone=True),
}  # fmt: skip

# Append-only tables that say who and when, and not from which address.
ORIGINS = (
    "customers_customerblock", "customers_customerblockend", "customers_limit", "ledger_creditline", "ledger_itemmark",
    "policy_policyversion", "quality_merge",
)  # fmt: skip


def watch(tables: Iterable[str]) -> migrations.RunSQL:
    """Return the operation after which changes of these tables are noted; each must stand in WATCHED or ORIGINS."""

    def array(names: Iterable[str]) -> str:
        return "'{" + ",".join(names) + "}'"

    forwards, backwards = [], []
    for table in tables:
        how = WATCHED.get(table) or Watch("ORIGIN", on="INSERT")
        forwards.append(
            f'CREATE OR REPLACE TRIGGER audit_note_change AFTER {how.on} ON "{table}" FOR EACH ROW'
            f"{' WHEN (pg_trigger_depth() = 0)' if how.by_hand_alone else ''}"
            f" EXECUTE FUNCTION audit_note_change({array(how.hidden)}, {array(how.secret)});"
        )
        backwards.append(f'DROP TRIGGER IF EXISTS audit_note_change ON "{table}";')
    return migrations.RunSQL("\n".join(forwards), "\n".join(backwards))
