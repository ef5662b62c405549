"""`manage.py start`: the whole site on this machine in one supervised process tree, ended by one Ctrl-C."""

import asyncio
import errno
import fcntl
import os
import shutil
import socket
import sys
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from antigravity.embedded import OWNER, RUNTIME, Postgres, Service, Valkey
from antigravity.place import EmbeddedError, Place, listen
from antigravity.programs import Program, site_programs
from antigravity.steps import step
from antigravity.supervision import ProgramFailed, Records, Supervised, Supervisor

FIRST_START_BYTES, LATER_START_BYTES = 1_000_000_000, 200_000_000
LEFTOVER_SECONDS = 10
UNHURRIED = {"STATEMENT_TIMEOUT_MS": "0"}  # for what runs once, and may run long
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - what --host may ask for
READY_SECONDS = 120  # for a database that recovers, or a machine that is busy: a guard, not an expectation


class Command(BaseCommand):
    help = "Runs the whole site on this machine: database, workers, web. Ctrl-C ends all of it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="where the site listens (default 8000)")
        parser.add_argument(
            "--host", default="127.0.0.1", help="the address it listens on (default 127.0.0.1)"
        )
        parser.add_argument(
            "--harvest", metavar="SET", help="fill the archive from arXiv, for example quant-ph"
        )
        parser.add_argument("--days", type=int, default=30, help="how far back to harvest (default 30)")
        parser.add_argument("--no-demo", action="store_true", help="do not load the starter archive")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            Site(options).run()
        except (EmbeddedError, ProgramFailed) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted before anything ran.") from None
        except OSError as error:
            raise CommandError(f"{error.strerror}: {error.filename or settings.VAR_DIR}") from error


class Site:
    """One start of the site: the checks before it, the order of its steps, what each program gets to know."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = options
        self.host, self.port = options["host"], options["port"]
        self.begun = psutil.Process().create_time()  # script/start became this process
        self.var: Path = settings.VAR_DIR.resolve()
        self.services: list[Service] = []

    def run(self) -> None:
        """Checks, then starts and supervises everything until a signal ends it."""
        for folder in (self.var / "run", self.var / "log"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.var / "log").chmod(0o700)  # logs hold the addresses of those who ask
        with (self.var / "run" / "start.lock").open("a+") as lock:
            self._take_lock(lock)
            self._check_space()
            records = Records(self.var / "run" / "processes.json")
            for name in records.end_leftovers(seconds=LEFTOVER_SECONDS):
                print(f"{name} still ran from an earlier start: stopped it")
            self._check_port()
            self._prepare_services()
            asyncio.run(self._supervise(records))
        print("Stopped.")

    def _take_lock(self, lock: Any) -> None:
        """One start a folder: the lock is held by this process and falls with it."""
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CommandError(
                f"The site runs already: {lock.read().strip()}. Stop it there with Ctrl-C."
            ) from None
        lock.truncate(0)
        lock.write(f"{self.url} (process {os.getpid()})\n")
        lock.flush()

    def _check_space(self) -> None:
        is_first = not (self.var / "embedded" / "state.json").exists() or not settings.STATIC_ROOT.exists()
        needed, free = FIRST_START_BYTES if is_first else LATER_START_BYTES, shutil.disk_usage(self.var).free
        if free < needed:
            raise CommandError(
                f"The disk of {self.var} is nearly full: {free // 1_000_000} MB are free, a start needs "
                f"{needed // 1_000_000} MB. Make room, or point VAR_DIR at another disk."
            )

    def _check_port(self) -> None:
        if not 0 < self.port < 65536:
            raise CommandError(f"--port {self.port}: a port is a number from 1 to 65535.")
        try:
            listen(self.host, self.port)
        except socket.gaierror as error:
            raise CommandError(f"--host {self.host}: no such address ({error.strerror}).") from error
        except OSError as error:
            raise CommandError(self._why_no_port(error)) from error

    def _why_no_port(self, error: OSError) -> str:
        if error.errno == errno.EADDRNOTAVAIL:
            return f"--host {self.host}: this machine has no such address."
        if error.errno == errno.EACCES:
            return (
                f"Port {self.port} is for root. Choose one above 1023: script/start --port {self.port + 8000}"
            )
        return (
            f"Port {self.port} is taken{self._port_owner()}. Stop that, or choose another port: "
            f"script/start --port {self.port + 1}"
        )

    def _port_owner(self) -> str:
        """Who listens there, as far as this user may know."""
        try:
            found = psutil.net_connections("tcp")
            pid = next(
                one.pid for one in found if one.status == "LISTEN" and one.laddr.port == self.port and one.pid
            )
            return f" by {psutil.Process(pid).name()} (process {pid})"
        except (StopIteration, psutil.Error):
            return ""

    def _prepare_services(self) -> None:
        """Makes the embedded services ready to be started, where the environment names no others."""
        has_database, has_redis = self._has_own_servers()
        if has_database and has_redis:
            return
        place = Place.under(self.var)
        wanted = [Postgres(place)] * (not has_database) + [Valkey(place)] * (not has_redis)
        for service in wanted:
            with step(f"{service.title} prepared") as current:
                service.prepare()
                current.detail = f"port {service.port}, data in {service.folder}"
            self.services.append(service)

    def _has_own_servers(self) -> tuple[bool, bool]:
        """Whether the operator named a database and a Redis, so that manage.py filled in neither."""
        state = self.var / "embedded" / "state.json"
        if not state.exists():
            return True, True
        place = Place.under(self.var)
        is_filled_in = Postgres(place).password(RUNTIME) == settings.DATABASES["default"]["PASSWORD"]
        return not is_filled_in, Valkey(place).url() != settings.REDIS_URL

    @property
    def url(self) -> str:
        return f"http://[{self.near}]:{self.port}" if ":" in self.near else f"http://{self.near}:{self.port}"

    @property
    def near(self) -> str:
        """The host under which this machine reaches the site itself."""
        return "127.0.0.1" if self.host in ANY_ADDRESS else self.host

    @property
    def reachable_at(self) -> set[str]:
        """The addresses that --host makes the site listen on, as browsers name them."""
        if self.host not in ANY_ADDRESS:
            return {f"[{self.host}]" if ":" in self.host else self.host}
        families = (socket.AF_INET, socket.AF_INET6)
        every = [one for ones in psutil.net_if_addrs().values() for one in ones if one.family in families]
        addresses = [one.address.split("%")[0] for one in every]
        return {f"[{address}]" if ":" in address else address for address in addresses}

    @property
    def environment(self) -> dict[str, str]:
        """What every program of the site gets."""
        names = {socket.gethostname(), "localhost", "127.0.0.1", "[::1]", *self.reachable_at}
        defaults = {"SITE_URL": self.url, "ALLOWED_HOSTS": ",".join(sorted(names)), "PYTHONUNBUFFERED": "1"}
        addresses = {service.variable: service.url() for service in self.services}
        return {**defaults, **os.environ, **addresses}

    @property
    def owner_environment(self) -> dict[str, str]:
        """What the programs get that may change the schema: the owner's rights, and time without limit."""
        postgres = next((one for one in self.services if isinstance(one, Postgres)), None)
        given = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
        return self.environment | UNHURRIED | {"DATABASE_URL": postgres.url(OWNER) if postgres else given}

    def programs(self) -> list[Supervised]:
        """Everything the supervisor runs, in the order of its start."""
        site = site_programs(host=self.host, port=self.port, var=self.var)
        return [
            *(self._supervised_service(service) for service in self.services),
            self._supervised_once(self._prepare_command(), self.owner_environment),
            *(self._supervised(program) for program in site),
            self._supervised_once(self._harvest_command(), self.environment | UNHURRIED),
        ]

    def _supervised_service(self, service: Service) -> Supervised:
        log = service.place.folder / f"{service.name}.log"
        log.touch()
        service.place.give(log, mode=0o640)
        link = self.var / "log" / log.name
        link.unlink(missing_ok=True)
        link.symlink_to(log)
        return Supervised(
            service.name,
            tuple(service.command()),
            {"PATH": os.defpath, "LANG": "C.UTF-8"},
            Path("/"),
            log,
            stop_signal=service.stop_signal,
            account=service.place.account,
            is_service=True,
        )

    def _supervised(self, program: Program) -> Supervised:
        environment = self.environment | program.environment
        log = self.var / "log" / f"{program.name}.log"
        log.touch()
        return Supervised(
            program.name, program.command, environment, settings.BASE_DIR, log, program.stop_seconds
        )

    def _prepare_command(self) -> list[str]:
        return ["prepare", "--no-demo"] if self.options["no_demo"] else ["prepare"]

    def _harvest_command(self) -> list[str]:
        return ["harvest", self.options["harvest"] or "", "--days", str(self.options["days"])]

    def _supervised_once(self, command: list[str], environment: Mapping[str, str]) -> Supervised:
        whole = (sys.executable, "manage.py", *command)
        return Supervised(command[0], whole, environment, settings.BASE_DIR, is_once=True)

    async def _supervise(self, records: Records) -> None:
        self.supervisor = Supervisor(self.programs(), records=records, say=say)
        await self.supervisor.supervise(self._bring_up)

    async def _bring_up(self) -> None:
        for service in self.services:
            await self._start_service(service)
        if await self.supervisor.run_once("prepare"):
            raise ProgramFailed("The site could not be prepared; why is said above.")
        with step("Web server"):
            await self.supervisor.launch("web")
            await self.supervisor.wait_until(self._answers, name="web", seconds=READY_SECONDS)
        with step("Dispatcher, workers, beat"):
            for name in ("dispatcher", "worker-answers", "worker-archive", "beat"):
                await self.supervisor.launch(name)
        print(f"\nReady after {time.time() - self.begun:.1f} s: {self.url}/")
        print(f"Logs are in {self.var / 'log'}. Ctrl-C stops everything.\n", flush=True)
        if self.options["harvest"] and await self.supervisor.run_once("harvest"):
            say("! The harvest did not finish; why is said above. The site runs on.")

    async def _start_service(self, service: Service) -> None:
        with step(service.title):
            await self.supervisor.launch(service.name)
            await self.supervisor.wait_until(service.is_ready, name=service.name, seconds=READY_SECONDS)
            if isinstance(service, Postgres):
                service.provision()

    def _answers(self) -> bool:
        connection = HTTPConnection(self.near, self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            status = connection.getresponse().status
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
        if status >= 500:
            raise ProgramFailed(
                f"web answers with an error. Its log ends:\n{self.supervisor.logs['web'].tail()}"
            )
        return True  # whatever the status: an operator's settings may redirect this request, or refuse it


def say(message: str) -> None:
    print(message, flush=True)
