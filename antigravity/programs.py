"""The processes a site consists of, a command line each: `start` supervises them, the tests run the same."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

WEB_THREADS = 8
CELERY = (sys.executable, "-m", "celery", "-A", "antigravity")
WORKER = (*CELERY, "worker", "--without-gossip", "--without-mingle", "--loglevel", "INFO")


@dataclass(frozen=True)
class Program:
    """One process: what runs, what its environment has on top, how many seconds it gets to end its work."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    stop_seconds: int = 12


def site_programs(*, host: str, port: int, var: Path, answers_at_once: int = 8) -> list[Program]:
    """Web, dispatcher, workers and beat, to be run from the project's root.

    A task that outlives `stop_seconds` is killed and nothing is lost: when its lease runs out, another worker
    takes its run.
    """
    patient = {"STATEMENT_TIMEOUT_MS": "30000"}
    answers = (
        "-Q",
        "answers,queries",
        "-n",
        "answers@%h",
        "-c",
        str(answers_at_once),
        "--prefetch-multiplier",
        "1",
    )
    archive = ("-Q", "archive", "-n", "archive@%h", "-c", "1", "--prefetch-multiplier", "1")
    beat = ("beat", "--schedule", str(var / "beat-schedule"), "--pidfile=")
    return [
        Program("web", web_command(host=host, port=port)),
        Program("dispatcher", (sys.executable, "manage.py", "dispatch"), patient),
        Program("worker-answers", (*WORKER, *answers), patient),
        Program("worker-archive", ("nice", "-n", "10", *WORKER, *archive), patient),
        Program("beat", (*CELERY, *beat)),
    ]


def web_command(*, host: str, port: int) -> tuple[str, ...]:
    """gunicorn with threads: pages wait more than they compute.

    No --preload: onnxruntime, loaded before a fork, aborts the worker when it ends.
    """
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    shape = ("--worker-class", "gthread", "--workers", "2", "--threads", str(WEB_THREADS))
    patience = ("--timeout", "60", "--graceful-timeout", "10", "--keep-alive", "5")
    room = (
        "--limit-request-line",
        "8190",
    )  # a search for 500 characters that take 12 bytes each in an address
    server = (sys.executable, "-m", "gunicorn", "antigravity.wsgi:application")
    return (*server, "--bind", address, *shape, *patience, *room, "--no-control-socket")
