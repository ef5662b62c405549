"""A real site for journeys and faults: gunicorn, dispatcher and workers as processes that a test may kill."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg.rows import dict_row

from antigravity.place import free_port
from antigravity.programs import Program, site_programs
from tests.servers import Services, die_with_parent

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "var" / "tests" / "static"  # collected by the first site of any run; compressing takes 10 s
WAIT_SECONDS = 90  # a guard against hanging on a busy machine, not an expectation


def wait_until(condition: Callable[[], Any], *, what: str, seconds: float = WAIT_SECONDS) -> Any:
    """Waits for a condition to be true and returns its value; fails with `what` after `seconds`."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if value := condition():
            return value
        time.sleep(0.1)
    raise AssertionError(f"Waited {seconds} s in vain: {what}")


@contextmanager
def collecting_alone() -> Iterator[None]:
    """Sites of two workers share the collected static files: the second waits for the first."""
    STATIC.parent.mkdir(parents=True, exist_ok=True)
    with (STATIC.parent / "static.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Stack:
    """A whole site with services of its own, production settings and the starter archive.

    `url` is its address. `start`, `kill` and `restart` take a program's name: web, dispatcher,
    worker-answers, worker-archive, beat. `services.postgres` and `services.valkey` can be killed and started
    as well. `query` reads its database, `manage` runs a management command on it. What a program says is in
    `log(name)`.
    """

    def __init__(self, **environment: str) -> None:
        self.services = Services(durable=True)
        self.folder = self.services.folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.extra = environment
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """What the programs get: a production site's settings over those of the test run."""
        return os.environ | {
            "DATABASE_URL": self.services.runtime_url,
            "DATABASE_OWNER_URL": self.services.owner_url,
            "REDIS_URL": self.services.redis_url,
            "SITE_URL": self.url,
            "DEBUG": "false",
            "VAR_DIR": str(self.folder),
            "MODEL_DIR": os.environ["MODEL_DIR"],
            "STATIC_ROOT": str(STATIC),
            "ASK_QUOTA_PER_HOUR": "100000",
            "ASK_QUOTA_PER_DAY": "100000",
            **self.extra,
        }

    @property
    def programs(self) -> dict[str, Program]:
        return {one.name: one for one in site_programs(host="127.0.0.1", port=self.port, var=self.folder)}

    def set_up(self) -> None:
        """Starts the services, prepares the site, and starts every program but beat."""
        self.services.start()
        with collecting_alone():
            self.manage("prepare", "--no-admin")
        for name in ("web", "dispatcher", "worker-answers", "worker-archive"):
            self.start(name)
        self.wait_for_web()

    def tear_down(self) -> None:
        """Ends everything at once: nothing is proved by waiting for it."""
        running = [process for process in self.processes.values() if process.poll() is None]
        family = [child for one in running for child in psutil.Process(one.pid).children(recursive=True)]
        for one in (*running, *family):
            with suppress(psutil.NoSuchProcess):
                one.kill()
        for process in self.processes.values():
            process.wait(WAIT_SECONDS)
        self.services.stop()

    def start(self, name: str, **environment: str) -> int:
        """Starts a program and returns its process id; does not wait until it is at work."""
        program = self.programs[name]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                program.command,
                cwd=ROOT,
                env=self.environment | program.environment | environment,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
                start_new_session=True,
            )
        return self.processes[name].pid

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Sends a program's main process a signal, waits for its end, and returns the process id that was."""
        process = self.processes.pop(name)
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.send_signal(number)
        process.wait(WAIT_SECONDS)
        _, left = psutil.wait_procs(children, timeout=10)
        for child in left:  # the port must be free for the next one
            child.kill()
        return process.pid

    def restart(self, name: str, **environment: str) -> int:
        """Kills a program and starts it again; returns the new process id."""
        self.kill(name)
        return self.start(name, **environment)

    def pid(self, name: str) -> int:
        return self.processes[name].pid

    def children(self, name: str) -> list[int]:
        """The process ids of a program's children: gunicorn's or Celery's worker processes."""
        return [child.pid for child in psutil.Process(self.pid(name)).children(recursive=True)]

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def wait_for_web(self) -> None:
        wait_until(self._answers, what=f"{self.url}/healthz answers")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as response:
                return bool(response.status == 200)
        except OSError:
            process = self.processes.get("web")
            assert process is None or process.poll() is None, self.log("web")[-4000:]
            return False

    def manage(self, *arguments: str) -> str:
        """Runs a management command as the role that owns the schema, and returns what it printed."""
        owner = {"DATABASE_URL": self.services.owner_url, "STATEMENT_TIMEOUT_MS": "0"}
        command = [sys.executable, "manage.py", *arguments]
        environment = self.environment | owner
        done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def query(self, statement: str, *parameters: Any) -> list[dict[str, Any]]:
        """Rows of the site's database as dictionaries."""
        with psycopg.connect(self.services.runtime_url, row_factory=dict_row, autocommit=True) as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        """POSTs JSON; returns status, headers and decoded JSON. An error status is returned, not raised."""
        return self._request(path, data=json.dumps(body).encode())

    def get(self, path: str) -> tuple[int, dict[str, str], Any]:
        """GETs JSON, as `post` does."""
        return self._request(path)

    def _request(self, path: str, *, data: bytes | None = None) -> tuple[int, dict[str, str], Any]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        request = urllib.request.Request(self.url + path, data=data, headers=headers)
        try:
            response = urllib.request.build_opener(_NoRedirect, _AnyStatus).open(request, timeout=30)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            body = response.read()
            is_json = "json" in response.headers.get("Content-Type", "")
            return response.status, dict(response.headers), json.loads(body) if is_json else body.decode()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any, **named: Any) -> None:
        return None


class _AnyStatus(urllib.request.HTTPErrorProcessor):
    def http_response(self, request: Any, response: Any) -> Any:
        return response
