"""`manage.py start` as its user meets it: a real site in its own folder, killed in parts and as a whole."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from antigravity.place import free_port
from tests.servers import die_with_parent
from tests.stack import ROOT, STATIC, collecting_alone, wait_until

START_SECONDS = 300  # a guard against hanging: a busy machine may need most of it
MARKS = {  # what tells the supervisor's children apart
    "postgres": "postgres -D",
    "valkey": "valkey-server",
    "web": "gunicorn",
    "dispatcher": "manage.py dispatch",
    "worker-answers": "-Q answers",
    "worker-archive": "-Q archive",
    "beat": "celery -A antigravity beat",
}
PROGRAMS = ["web", "dispatcher", "worker-answers", "worker-archive", "beat"]
pytestmark = pytest.mark.xdist_group("start")


class Start:
    """One `manage.py start` in a folder, with what it printed."""

    def __init__(self, var: Path, *options: str) -> None:
        self.var = var
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = var.parent / f"output-{self.port}"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "start", "--port", str(self.port), *options],
                cwd=ROOT,
                env=environment(var),
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_until_ready(self) -> "Start":
        wait_until(self.is_ready_or_over, what="the start", seconds=START_SECONDS)
        assert "Ready after" in self.said, self.said
        return self

    def is_ready_or_over(self) -> bool:
        return "Ready after" in self.said or self.process.poll() is not None

    def pid(self, name: str) -> int:
        """The process id of a program, by what its command line runs; 0 while it is away."""
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):
                if MARKS[name] in " ".join(child.cmdline()):
                    return child.pid
        return 0

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def is_served(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as response:
                return response.status == 200
        except OSError:
            return False

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def environment(var: Path) -> dict[str, str]:
    """A shell in which nothing names a database: the start's own services are to be taken."""
    named = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEBUG", "DATABASE_OWNER_URL", "SITE_URL"}
    kept = {name: value for name, value in os.environ.items() if name not in named}
    return kept | {"VAR_DIR": str(var), "STATIC_ROOT": str(STATIC)}


def run(var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, check=False, cwd=ROOT, env=environment(var), capture_output=True, text=True, timeout=90
    )


@pytest.fixture(scope="module")
def var():
    folder = Path(tempfile.mkdtemp(prefix="antigravity-start-"))
    folder.chmod(0o755)  # the service account must get in
    yield folder / "var"
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def site(var):
    start = Start(var)
    try:
        with collecting_alone():
            start.wait_until_ready()
        yield start
    finally:
        if start.process.poll() is None:
            start.end()


def test_start_says_each_step_and_the_address(site):
    for what in ("PostgreSQL", "Valkey", "Database schema", "Static files", "Starter archive"):
        assert f"✓ {what}" in site.said
    assert "user name admin, password " in site.said
    assert f": {site.url}/\n" in site.said
    assert site.is_served()


def test_secrets_are_for_their_owner_only(site):
    for path in (site.var / "secret_key", site.var / "embedded" / "state.json"):
        assert path.stat().st_mode & 0o077 == 0


def test_nothing_listens_beyond_the_loopback(site):
    listening = {
        one.laddr.ip
        for process in [psutil.Process(site.process.pid), *site.family()]
        for one in process.net_connections("inet")
        if one.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_other_commands_reach_the_running_site(site):
    done = run(site.var, "migrate", "--check")
    assert done.returncode == 0, done.stderr


def test_second_start_in_the_same_folder_names_the_first(site):
    done = run(site.var, "start", "--port", str(free_port()))
    assert done.returncode == 1
    assert f"The site runs already: {site.url} (process {site.process.pid})" in done.stderr


def test_taken_port_is_named_with_what_to_do(site, var):
    done = run(var.with_name("other"), "start", "--port", str(site.port))
    assert done.returncode == 1
    assert f"Port {site.port} is taken" in done.stderr
    assert f"script/start --port {site.port + 1}" in done.stderr


@pytest.mark.parametrize("port", ["0", "65536"])
def test_impossible_port_is_refused(var, port):
    done = run(var.with_name("other"), "start", "--port", port)
    assert done.returncode == 1
    assert "a port is a number from 1 to 65535" in done.stderr


@pytest.mark.parametrize("names", [["postgres"], ["valkey"], PROGRAMS], ids=",".join)
def test_killed_programs_are_started_again(site, names):
    killed = {name: site.pid(name) for name in names}
    for pid in killed.values():
        os.kill(pid, signal.SIGKILL)
    for name, pid in killed.items():
        wait_until(lambda name=name, pid=pid: site.pid(name) not in (0, pid), what=f"a new {name}")
        assert f"! {name} (process {pid}) was killed by signal 9: starting it again" in site.said
    wait_until(site.is_served, what="pages after the restart")


def test_killed_supervisor_leaves_orphans_that_the_next_start_ends(site, var):
    orphans = site.family()
    assert {"postgres", "valkey-server"} <= {process.name() for process in orphans}
    site.end(signal.SIGKILL)
    again = Start(var)
    try:
        again.wait_until_ready()
        for name in ("web", "dispatcher", "PostgreSQL", "Valkey"):
            assert f"{name} still ran from an earlier start" in again.said
        assert not any(process.is_running() for process in orphans)
        assert "password" not in again.said
    finally:
        family = again.family()
        assert again.end(signal.SIGINT) == 0
    assert "Stopped." in again.said
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not alive
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", again.port))
