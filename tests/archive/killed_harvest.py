"""A harvest by the real command in a process of its own, killed at random moments until it is through."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.archive.real_server import RealServer
from tests.servers import die_with_parent

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Kill:
    """One kill: which process, how it ended, and how many requests the server had had."""

    pid: int
    returncode: int
    requests: int


@dataclass
class KilledHarvest:
    """The command `harvest` against a server, in the database that `database_url` names."""

    server: RealServer
    database_url: str
    kills: list[Kill] = field(default_factory=list)

    def begin(self) -> subprocess.Popen[str]:
        environment = os.environ | {
            "DATABASE_URL": self.database_url,
            "OAI_BASE_URLS": self.server.url,
            "OAI_ALLOW_PRIVATE": "true",
            "OAI_INTERVAL_SECONDS": "0",
            "DEBUG": "false",
        }
        return subprocess.Popen(
            [sys.executable, "manage.py", "harvest", "--skip-checks", "--url", self.server.url],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=die_with_parent,
        )

    def kill_after(self, pages: int, *, seconds: float) -> Kill:
        """Begins, and kills so many seconds after the server has served so many pages more."""
        wanted = self.server.served + pages
        return self.kill_when(lambda: self.server.served >= wanted, seconds=seconds)

    def kill_when(self, condition: Callable[[], bool], *, seconds: float) -> Kill:
        """Begins, and kills so many seconds after a condition is true."""
        process = self.begin()
        while process.poll() is None and not condition():
            time.sleep(0.005)
        threading.Event().wait(seconds)
        process.send_signal(signal.SIGKILL)
        said, _ = process.communicate(timeout=60)
        if process.returncode != -signal.SIGKILL:
            raise AssertionError(f"It ended before it was killed: {said[-2000:]}")
        self.kills.append(Kill(process.pid, process.returncode, len(self.server.requests)))
        return self.kills[-1]

    def finish(self) -> str:
        """Begins, lets it come to its end, and returns what it said."""
        process = self.begin()
        said, _ = process.communicate(timeout=3_600)
        if process.returncode:
            raise AssertionError(said[-2000:])
        return said

    def kill_at_random(self, times: int, *, seed: int) -> None:
        """Kills it so many times, each within the first pages that it asks for."""
        moments = random.Random(seed)
        for _ in range(times):
            self.kill_after(moments.randint(1, 2), seconds=moments.uniform(0, 0.05))
