"""PostgreSQL and Valkey of the tests' own, in a temporary folder, as children that die with the test run."""

import ctypes
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import redis

from antigravity.embedded import OWNER, Postgres, Service, Valkey
from antigravity.place import Place

START_SECONDS = 60  # a guard against hanging; a start takes about one second
PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Runs in a new child: Linux is to kill it when the test run dies, however that dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Child:
    """One embedded service as a child process that a test may kill and start again."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self.process, f"{self.service.title} does not run"
        return self.process.pid

    def start(self) -> None:
        """Starts it and returns when it is ready."""
        log = (self.service.place.folder / f"{self.service.name}.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                self.service.command(),
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
                start_new_session=True,  # Ctrl-C is for pytest, which then ends its services in order
                **self.service.place.identity,
            )
        give_up = time.monotonic() + START_SECONDS
        while not self.service.is_ready():
            if self.process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(Path(log.name).read_text()[-2000:])
            time.sleep(0.02)

    def kill(self) -> int:
        """Kills it as a crash would, and returns the process id that was."""
        return self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ends it in order."""
        return self._end(self.service.stop_signal)

    def _end(self, number: signal.Signals) -> int:
        assert self.process
        pid = self.process.pid
        self.process.send_signal(number)
        self.process.wait(START_SECONDS)
        self.service.end_strays()  # backends of a killed server end a moment after it
        return pid

    def restart_hard(self) -> None:
        """Kills it and starts it again, on the same port, with the same data."""
        self.kill()
        self.start()


class Services:
    """Both services in one temporary folder. `durable=True` syncs to disk as a real site does."""

    def __init__(self, *, durable: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="antigravity-test-"))
        self.folder.chmod(0o755)  # the service account must get in
        place = Place.under(self.folder, say=lambda message: None)
        options = {} if durable else {"fsync": "off", "full_page_writes": "off"}
        self._postgres, self._valkey = Postgres(place, options), Valkey(place)
        self.postgres, self.valkey = Child(self._postgres), Child(self._valkey)

    def start(self) -> None:
        for child in (self.postgres, self.valkey):
            child.service.prepare()
            child.start()
        self._postgres.provision()

    def stop(self) -> None:
        """Ends both and removes everything they wrote."""
        for child in (self.valkey, self.postgres):
            if child.process and child.process.poll() is None:
                child.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def owner_url(self) -> str:
        """The site's database for the role that migrates."""
        return self._postgres.url(OWNER)

    @property
    def runtime_url(self) -> str:
        """The site's database for the role that a running site uses."""
        return self._postgres.url()

    @property
    def superuser_url(self) -> str:
        return self._postgres.url("postgres")

    @property
    def redis_url(self) -> str:
        return self._valkey.url()

    def redis(self) -> "redis.Redis":
        """A client of the Valkey, for FLUSHALL and for looking at what waits."""
        return redis.Redis.from_url(self.redis_url)
