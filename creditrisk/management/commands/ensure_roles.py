"""Make the application's database role on a server of one's own."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from psycopg import sql


class Command(BaseCommand):
    help = "Make the application's role, as the owner, before the first migrate. Safe to run twice."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        role = settings.DATABASE_APP_ROLE
        own = settings.database(settings.DATABASE_URL)
        name = sql.Identifier(role)
        statements = []
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_user, EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role])
                owner, there = cursor.fetchone()
                if own["USER"] == role:  # It logs in by itself; else the owner takes the role at connecting.
                    word = sql.SQL("ALTER" if there else "CREATE")
                    password = sql.Literal(own["PASSWORD"] or None)
                    statements.append(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(word, name, password))
                elif not there:
                    statements.append(sql.SQL("CREATE ROLE {} NOLOGIN").format(name))
                if owner != role:
                    statements.append(sql.SQL("GRANT {} TO {}").format(name, sql.Identifier(owner)))
                for statement in statements:
                    cursor.execute(statement)
        except DatabaseError as error:
            raise CommandError(f"The owner may not make the role {role}: {error}") from error
        self.stdout.write(f"{owner} owns the tables, {role} works on them.")
