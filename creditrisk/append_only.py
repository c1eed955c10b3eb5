"""What is only ever added: tables on which the application's database role may neither update nor delete."""

from collections.abc import Iterable

from django.db import migrations

APP_ROLE = "creditrisk_app"

# Rows about money, decisions and grants. What ends or undoes one is a row of its own.
APPEND_ONLY = (
    "approvals_alert",
    "approvals_holdclosing",
    "approvals_holdreview",
    "approvals_release",
    "customers_customerblock",
    "customers_customerblockend",
    "customers_limit",
    "decisions_decision",
    "exposure_drift",
    "exposure_entry",
    "ledger_allocation",
    "ledger_creditline",
    "ledger_effectevent",
    "ledger_effectitem",
    "ledger_itemmark",
    "policy_policyversion",
)


# Added after the first migration; each is closed by the migration that made it.
LATER = (
    "approvals_attachment", "approvals_holdchange", "approvals_holdevent", "approvals_journalevent", "approvals_requestevent", "approvals_substitution", "approvals_substitutionend", "approvals_suspensionchange",
    "quality_merge", "audit_change", "audit_seal", "audit_sealedrow", "audit_verification",
    "figures_snapshot", "contacts_note", "monitoring_utilisation", "reports_edition", "signin_attempt",
)  # fmt: skip


# What is now, moved by the database alone when a row is added to the history beside it. The application may lock a row
# and add one; see approvals/moving.sql.
MOVED = ("approvals_hold", "approvals_limitjournal", "approvals_limitrequest")


def grant_to_application() -> migrations.RunSQL:
    """Return the operation that lets the application work on every table, those of later migrations included."""
    return migrations.RunSQL(
        f"""
        GRANT USAGE ON SCHEMA public TO {APP_ROLE};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE};
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE};
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP_ROLE};
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP_ROLE};
        """,
        migrations.RunSQL.noop,
    )


def append_only(tables: Iterable[str]) -> migrations.RunSQL:
    """Return the operation after which the application can read and add, and nothing else, in these tables.

    A table that a later migration makes is passed over here: that migration names it again.
    """
    return _revoke(tables, "UPDATE, DELETE, TRUNCATE")


def moved_by_history(tables: Iterable[str]) -> migrations.RunSQL:
    """Return the operation after which the application can read, add and lock rows in these tables, and change none.

    Locking a row asks for UPDATE on one column at least: it is the key's, on which a trigger refuses.
    """
    return _revoke(tables, "UPDATE, DELETE, TRUNCATE", keeps="UPDATE (id)")


def _revoke(tables: Iterable[str], rights: str, *, keeps: str = "") -> migrations.RunSQL:
    names = list(tables)

    def each(statement: str) -> str:
        return f"""
        DO $$ DECLARE name text; BEGIN
            FOREACH name IN ARRAY ARRAY{names}::text[] LOOP
                IF to_regclass(name) IS NOT NULL THEN EXECUTE format('{statement}', name); END IF;
            END LOOP;
        END $$
        """

    revoked = each(f"REVOKE {rights} ON %I FROM {APP_ROLE}")
    kept = each(f"GRANT {keeps} ON %I TO {APP_ROLE}") if keeps else ""
    return migrations.RunSQL(
        f"{revoked}; {kept}" if kept else revoked,
        each(f"GRANT UPDATE, DELETE ON %I TO {APP_ROLE}"),
    )
