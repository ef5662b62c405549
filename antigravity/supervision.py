"""One supervised process tree, by circus: starts programs, keeps their logs, restarts what dies, ends all.

Its control and event endpoints are in-process: nothing listens on the network or the file system.
"""

import asyncio
import json
import shlex
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from pwd import struct_passwd
from typing import Any

import psutil
from circus.arbiter import Arbiter
from circus.exc import ConflictError
from circus.process import DEAD_OR_ZOMBIE, RUNNING, Process
from circus.watcher import Watcher
from tornado.ioloop import IOLoop

from antigravity.logs import FollowedLog, redirected

SHORT_LIFE_SECONDS, SHORT_LIVES, PAUSE_SECONDS = 10, 3, 20  # dying young three times running earns a pause


class ProgramFailed(Exception):
    """A program died instead of doing its work; the message has the end of its log."""


@dataclass(frozen=True)
class Supervised:
    """What the supervisor must know of a program. Those with `is_service` start first and end last."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    log: Path | None = None  # without one it writes on this terminal
    stop_seconds: int = 12
    stop_signal: signal.Signals = signal.SIGTERM
    account: struct_passwd | None = None
    is_service: bool = False
    is_once: bool = False  # runs to its end and is not restarted


class Child(Process):
    """A process that counts as running until its exit status is read: circus drops a zombie unread."""

    @property
    def status(self) -> int:
        status: int = super().status
        return RUNNING if status == DEAD_OR_ZOMBIE else status


class ChildWatcher(Watcher):
    """Circus' watcher of one program, with children whose end is always told."""

    @property
    def _process_class(self) -> type[Process]:
        return Child


@dataclass
class Records:
    """The process ids that run, in a file: how a start finds what outlived a supervisor that was killed."""

    path: Path
    running: dict[str, tuple[int, float]] = field(default_factory=dict)

    def add(self, name: str, pid: int) -> None:
        with suppress(psutil.NoSuchProcess):
            self.running[name] = (pid, psutil.Process(pid).create_time())
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(self.running))
        fresh.rename(self.path)

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)

    def end_leftovers(self, *, seconds: float) -> list[str]:
        """Ends what an earlier supervisor left running, with its children; returns the names."""
        try:
            recorded = json.loads(self.path.read_text())
        except (FileNotFoundError, ValueError):
            return []
        found = {name: process for name, entry in recorded.items() if (process := self._same_process(*entry))}
        family = [one for process in found.values() for one in (process, *process.children(recursive=True))]
        for process in found.values():
            process.terminate()
        _, alive = psutil.wait_procs(family, timeout=seconds)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=seconds)
        self.clear()
        return list(found)

    def _same_process(self, pid: int, created: float) -> psutil.Process | None:
        """The process, unless its number has been given to another one since."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if process.create_time() == created and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


class Supervisor(Arbiter):
    """Circus' arbiter with an order of ending, and with what a person at the terminal wants to be told."""

    def __init__(self, programs: list[Supervised], *, records: Records, say: Callable[[str], None]) -> None:
        self.records, self.say = records, say
        self.logs = {one.name: FollowedLog(one.name, one.log, say) for one in programs if one.log}
        self.short_lives: Counter[str] = Counter()
        self.born: dict[str, float] = {}
        self.exits: dict[str, asyncio.Future[int]] = {}
        self.closed, self.asked_to_stop = asyncio.Event(), asyncio.Event()
        ignores_hangup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # nohup
        watchers = [self._watcher(program) for program in programs]
        endpoints = ("inproc://control", "inproc://events")
        super().__init__(watchers, *endpoints, loop=IOLoop.current(), check_delay=0.5)
        self.ctrl.sys_hdl.quit = self._quit
        self.ctrl.sys_hdl.handle_hup = (lambda: None) if ignores_hangup else self._quit

    def _watcher(self, program: Supervised) -> Watcher:
        account = program.account
        command = redirected(program.command, program.log) if program.log else program.command
        return ChildWatcher(
            program.name,
            shlex.quote(command[0]),
            args=list(command[1:]),
            env=dict(program.environment),
            working_dir=str(program.folder),
            stop_signal=program.stop_signal,
            graceful_timeout=program.stop_seconds,
            uid=account.pw_uid if account else None,
            gid=account.pw_gid if account else None,
            autostart=False,  # `launch` starts each when its turn comes
            respawn=not program.is_once,
            priority=int(program.is_service),
            hooks={"after_spawn": (self._spawned, True), "after_reap": (self._reaped, True)},
        )

    async def supervise(self, bring_up: Callable[[], Awaitable[None]]) -> None:
        """Runs `bring_up`, then keeps everything running until a signal asks for the end.

        Raises what `bring_up` raised, once everything has been ended.
        """
        for log in self.logs.values():
            log.skip_to_end()
        await self.start()
        work = asyncio.ensure_future(bring_up())
        asked = asyncio.ensure_future(self.asked_to_stop.wait())
        await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done() or not work.exception():
            await asked
            self.say("Stopping ...")
        await self._end()
        if work.done():
            work.result()
        work.cancel()

    async def _end(self) -> None:
        while not self._stopping:
            try:
                await self.stop()
            except ConflictError:  # it is just restarting something
                await asyncio.sleep(0.05)
        await self.closed.wait()
        self.records.clear()

    async def launch(self, name: str) -> None:
        """Starts a program and keeps it running from now on."""
        watcher = self.get_watcher(name)
        watcher.autostart = True
        await self.start_watcher(watcher)

    async def run_once(self, name: str) -> int:
        """Runs a program to its end and returns its exit status."""
        self.exits[name] = asyncio.get_running_loop().create_future()
        await self.launch(name)
        return await self.exits[name]

    async def wait_until(self, is_ready: Callable[[], bool], *, name: str, seconds: float) -> None:
        """Waits for a program to be ready. Raises ProgramFailed when it dies thrice or takes too long."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + seconds
        while not await loop.run_in_executor(None, is_ready):
            if self.short_lives[name] >= SHORT_LIVES or loop.time() > give_up:
                end = "dies again and again" if self.short_lives[name] else "is not ready in time"
                raise ProgramFailed(f"{name} {end}. Its log ends:\n{self.logs[name].tail()}")
            await asyncio.sleep(0.05)

    async def _stop_watchers(self, close_output_streams: bool = False, watcher_iter_func: Any = None) -> None:
        """Ends the programs first and the services they use after them."""
        for priority in sorted({watcher.priority for watcher in self.watchers}):
            stage = [watcher for watcher in self.watchers if watcher.priority == priority]
            await asyncio.gather(*(watcher._stop(close_output_streams) for watcher in stage))

    def stop_controller_and_close_sockets(self) -> None:
        super().stop_controller_and_close_sockets()
        self.closed.set()

    def manage_watchers(self) -> Any:
        """Circus' look at every program, left out while it starts or ends some; and a look at the logs."""
        for log in self.logs.values():
            log.look()
        return None if self._exclusive_running_command else super().manage_watchers()

    def _quit(self) -> None:
        self.loop.add_callback_from_signal(self.asked_to_stop.set)

    def _spawned(self, *, watcher: Watcher, pid: int, **_: Any) -> bool:
        if not watcher.priority:  # a service that outlives the supervisor is found by its folder
            self.records.add(watcher.name, pid)
        self.born[watcher.name] = time.time()
        return True

    def _reaped(self, *, watcher: Watcher, exit_code: int, process_pid: int, **_: Any) -> None:
        if watcher.name in self.exits:
            self.exits[watcher.name].set_result(exit_code)
        elif not self._stopping and not self.asked_to_stop.is_set():
            self._say_death(watcher.name, exit_code=exit_code, pid=process_pid)
            self._pause_short_lived(watcher)

    def _say_death(self, name: str, *, exit_code: int, pid: int) -> None:
        killed, ended = f"was killed by signal {-exit_code}", f"ended with status {exit_code}"
        self.say(f"! {name} (process {pid}) {killed if exit_code < 0 else ended}: starting it again")

    def _pause_short_lived(self, watcher: Watcher) -> None:
        """A program that dies at once, again and again, is left alone for a while and then tried anew."""
        lived = time.time() - self.born.get(watcher.name, 0)
        self.short_lives[watcher.name] = (
            self.short_lives[watcher.name] + 1 if lived < SHORT_LIFE_SECONDS else 0
        )
        if self.short_lives[watcher.name] >= SHORT_LIVES and watcher.respawn:
            log = self.logs[watcher.name].path
            self.say(f"! {watcher.name} dies again and again, see {log}: next try in {PAUSE_SECONDS} s")
            watcher.respawn = False
            self.loop.call_later(PAUSE_SECONDS, self._resume, watcher)

    async def _resume(self, watcher: Watcher) -> None:
        watcher.respawn = True
        if not self._stopping:
            await self.launch(watcher.name)
