"""Everything a site needs before it serves, each part only where it is missing: safe to run at every start.

Runs with the address of the role that owns the schema in DATABASE_URL.
"""

import secrets
from argparse import ArgumentParser
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from antigravity.steps import step

ADMIN = "admin"
UNUSED_FILES = ["redoc", "rest_framework"]  # packages bring them, no page here has them; they take 10 s


def apply_migrations() -> str:
    """Brings the schema up to date; says how many migrations that took."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return "up to date"
    call_command("migrate", interactive=False, verbosity=0)
    return f"{len(plan)} migrations applied"


def collect_static_files() -> str:
    """Collects, hashes and compresses the static files when any of them, or a package, has changed."""
    digest = sha256((settings.BASE_DIR / "requirements.txt").read_bytes())
    for folder in settings.STATICFILES_DIRS:
        for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
            digest.update(str(path).encode() + path.read_bytes())
    stamp = settings.STATIC_ROOT / ".collected"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return "up to date"
    call_command(
        "collectstatic",
        interactive=False,
        verbosity=0,
        clear=stamp.parent.exists(),
        ignore_patterns=UNUSED_FILES,
    )
    stamp.write_text(digest.hexdigest())
    return "collected"


def create_first_admin() -> str | None:
    """Makes the first administrator where there is none, and returns the password, stored nowhere else."""
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return None
    password = secrets.token_urlsafe(15)
    users.create_superuser(ADMIN, password=password)
    return password


class Command(BaseCommand):
    help = "Prepares a site to serve: schema, static files, embedding model, starter archive, administrator."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="do not load the starter archive")
        parser.add_argument("--no-admin", action="store_true", help="make no administrator")

    def handle(self, *args: Any, **options: Any) -> None:
        with step("Database schema") as schema:
            schema.detail = apply_migrations()
        with step("Static files") as files:
            files.detail = collect_static_files()
        with step("Embedding model"):
            call_command("prepare_embedding_model", stdout=StringIO())
        if not options["no_demo"]:
            with step("Starter archive"):
                call_command("load_starter_archive", stdout=StringIO())
        if not options["no_admin"] and (password := create_first_admin()):
            self.stdout.write(f"✓ First administrator: user name {ADMIN}, password {password}")
            self.stdout.write("  The password is shown this once. Change it at /admin/password_change/")
