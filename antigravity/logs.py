"""The logs of the supervised programs: each writes its own file, here they are followed and bounded."""

import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

WORTH_SAYING = re.compile(
    rb"\b(?:ERROR|CRITICAL|FATAL(?!:  the database system is)|PANIC)\b|\[(?:error|critical)\b"
)
SHOWN_CHARACTERS, QUIET_SECONDS = 200, 10  # of an error on the terminal, and after it: its log has the rest
READ_BYTES, MOST_BYTES = 100_000, 20_000_000


def redirected(command: tuple[str, ...], log: Path) -> tuple[str, ...]:
    """A command that appends its output to a file itself, so that it outlives whoever started it."""
    return ("/bin/sh", "-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "sh", str(log), *command)


@dataclass
class FollowedLog:
    """One program's log: the first error of a series is said, and a log that grew too long begins anew."""

    name: str
    path: Path
    say: Callable[[str], None]
    read_until: int = 0
    quiet_until: float = field(default=0.0)

    def skip_to_end(self) -> None:
        """What earlier starts wrote has been said."""
        self.read_until = self.path.stat().st_size if self.path.exists() else 0

    def look(self) -> None:
        """Reads what is new. Raises nothing: a log that cannot be read must not stop the site."""
        try:
            size = self.path.stat().st_size
            if size != self.read_until:
                self._read(size)
            if size > MOST_BYTES:
                self._begin_anew()
        except OSError as error:
            self._say(f"its log cannot be read: {error}")

    def tail(self, *, lines: int = 15) -> str:
        """The last lines, for a message about how the program ended."""
        return "\n".join(self.path.read_text(errors="replace").splitlines()[-lines:])

    def _read(self, size: int) -> None:
        with self.path.open("rb") as file:
            file.seek(max(min(self.read_until, size), size - READ_BYTES))
            for line in file.read(READ_BYTES).splitlines():
                if WORTH_SAYING.search(line):
                    self._say(line.decode(errors="replace").strip()[:SHOWN_CHARACTERS])
        self.read_until = size

    def _say(self, what: str) -> None:
        if time.monotonic() > self.quiet_until:
            self.say(f"! {self.name}: {what}")
            self.quiet_until = time.monotonic() + QUIET_SECONDS

    def _begin_anew(self) -> None:
        """Copies the log aside and empties it: the program goes on appending to the same file."""
        shutil.copyfile(self.path, self.path.with_suffix(".log.1"))
        with self.path.open("r+b") as file:
            file.truncate(0)
        self.read_until = 0
