"""Make the application's database role on a server of one's own."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from psycopg import sql

from creditrisk.environment import database


class Command(BaseCommand):
    help = "Make the application's role, as the owner, before the first migrate. Safe to run twice."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        role, application = settings.DATABASE_APP_ROLE, database(settings.DATABASE_URL)
        name = sql.Identifier(role)
        # It logs in by itself, or is taken by the owner at connecting.
        login = sql.SQL("LOGIN PASSWORD {}").format(application["PASSWORD"] or None)
        how = login if application["USER"] == role else sql.SQL("NOLOGIN")
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role])
            owner, there = cursor.fetchone()
            try:
                if not there:
                    cursor.execute(sql.SQL("CREATE ROLE {} {}").format(name, how))
                    cursor.execute(sql.SQL("GRANT {} TO {}").format(name, sql.Identifier(owner)))
            except DatabaseError as error:
                raise CommandError(f"{owner} may not make the role {role}, a superuser must: {error}") from error
        self.stdout.write(f"{owner} owns the tables, {role} works on them.")
