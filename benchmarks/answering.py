"""Measures answering on a real site: how long it takes, what the platform adds to a model's own time, how
many calls one worker host keeps in flight, and in how much memory.

    python benchmarks/answering.py                     everything, 200 questions: about five minutes
    python benchmarks/answering.py --questions 16      a quick look

It starts a site of its own (services, web, dispatcher, one answering worker of 8 children) on free ports,
with the starter archive, and a provider that answers after --latency seconds in the words of the sources.
Claim and publication are the database's own times. Baseline of the third part: the time that 8 calls in
flight must take. Other work on the machine spoils every figure here.
"""

import argparse
import os
import secrets
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
os.environ.setdefault("MODEL_DIR", str(ROOT / "var" / "models"))

from tests.fakes import Call, FakeProvider, Reply, write_answer  # noqa: E402
from tests.stack import Stack, wait_until  # noqa: E402

CHILDREN = 8
ONE_BY_ONE = 12  # questions of the first two parts
SUBJECTS = (
    "How do quantum diffusion models generate images",
    "How accurate are hybrid quantum models on chest X-ray classification",
    "How do quantum convolutional networks find brain tumours",
)
FINISHED = "SELECT count(*) AS count FROM qa_answerrun WHERE id > %s AND state IN ('done', 'failed')"
NEWEST = "SELECT coalesce(max(id), 0) AS id FROM qa_answerrun"
RUNS = """
    SELECT outcome, error_code, extract(epoch FROM finished_at - started_at)::float AS seconds,
           extract(epoch FROM started_at)::float AS started,
           extract(epoch FROM finished_at)::float AS finished
    FROM qa_answerrun WHERE id > %s ORDER BY id
"""


class Clocked(FakeProvider):
    """A provider that takes a fixed time, and knows how many calls it had at once at most."""

    def __init__(self, latency: float) -> None:
        super().__init__(answer=self.take_time)
        self.latency = latency
        self.most_at_once = 0

    def take_time(self, call: Call) -> Reply:
        self.most_at_once = max(self.most_at_once, len(self.busy))
        return replace(write_answer(call), delay=self.latency)


class Memory(threading.Thread):
    """The largest proportional set size of a process with its children, in bytes, looked at every second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.most, self.done = pid, 0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(1):
            self.most = max(self.most, self.look())

    def look(self) -> int:
        whole = 0
        process = psutil.Process(self.pid)
        for one in (process, *process.children(recursive=True)):
            try:
                whole += one.memory_full_info().pss
            except psutil.NoSuchProcess:
                continue
        return whole


def questions(count: int, *, part: str) -> Iterator[str]:
    """Distinct questions on the starter archive's subjects."""
    for number in range(count):
        yield f"{SUBJECTS[number % len(SUBJECTS)]}, in case {part}{number}?"


def ask(site: Stack, text: str) -> None:
    status, _, body = site.post("/api/v1/questions/", {"text": text, "force": True})
    assert status == 202, (status, body)


def newest_run(site: Stack) -> int:
    return site.query(NEWEST)[0]["id"]


def wait_for(site: Stack, count: int, *, after: int, seconds: float) -> list[dict]:
    """The runs after this one, when so many of them have finished."""
    wait_until(
        lambda: site.query(FINISHED, after)[0]["count"] >= count, what=f"{count} answers", seconds=seconds
    )
    runs = site.query(RUNS, after)
    failed = [run for run in runs if run["outcome"] not in ("published", "held")]
    assert not failed, f"{len(failed)} of {len(runs)} runs gave no answer: {failed[:3]}; see {site.folder}"
    return runs


def one_by_one(site: Stack, *, part: str) -> list[dict]:
    """Twelve questions, each asked when the one before it was answered, after one that warms up."""
    runs = []
    for text in questions(ONE_BY_ONE + 1, part=part):
        after = newest_run(site)
        ask(site, text)
        runs += wait_for(site, 1, after=after, seconds=120)
    return runs[1:]


@contextmanager
def answering_by(site: Stack, provider: FakeProvider) -> Iterator[None]:
    """The site with a worker that asks this provider."""
    with provider:
        environment = {
            "ANSWER_MODEL": "openai/gpt-4.1-mini",
            "ANSWER_API_BASE": provider.openai_base,
            "OPENAI_API_KEY": "none",
            "DAILY_BUDGET_USD": "1000",
            "MONTHLY_BUDGET_USD": "1000",
        }
        site.restart("worker-answers", **environment)
        wait_until(lambda: len(site.children("worker-answers")) >= CHILDREN, what="the worker is up")
        yield


def spread(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"median {statistics.median(ordered):.2f} s, highest {ordered[-1]:.2f} s"


def measure_extractive(site: Stack) -> None:
    seconds = [run["seconds"] for run in one_by_one(site, part="quoted ")]
    print(f"Quoting answer, claim to published   {spread(seconds)}   ({len(seconds)}; target <= 1.5 s)")


def measure_overhead(site: Stack) -> None:
    """What remains of a run when the provider's own second is taken off."""
    with answering_by(site, Clocked(1.0)):
        added = [run["seconds"] - 1.0 for run in one_by_one(site, part="written ")]
    print(f"Added to the provider's own time     {spread(added)}   ({len(added)}; target <= 0.5 s median)")


def measure_worker(site: Stack, *, count: int, latency: float) -> None:
    """All at once on one worker: time against the least possible, calls in flight, memory, the ledger."""
    provider = Clocked(latency)
    with answering_by(site, provider):
        before = newest_run(site)
        for text in questions(CHILDREN, part="warm "):  # until every child has loaded what it needs
            ask(site, text)
        wait_for(site, CHILDREN, after=before, seconds=300)
        provider.calls.clear()
        after, memory = newest_run(site), Memory(site.pid("worker-answers"))
        memory.start()
        began = time.monotonic()
        for text in questions(count, part="at once "):
            ask(site, text)
        asked = time.monotonic() - began
        runs = wait_for(site, count, after=after, seconds=60 + count * latency)
        memory.done.set()
        memory.join()
    seconds = max(run["finished"] for run in runs) - min(run["started"] for run in runs)
    ideal = -(-count // CHILDREN) * latency
    paid = site.query("SELECT count(*) AS count FROM qa_spend WHERE run_id > %s", after)[0]["count"]
    print(
        f"{count} questions at once, {latency:g} s a call     {seconds:.1f} s, {seconds / ideal:.2f} x the "
        f"{ideal:.0f} s of {CHILDREN} in flight   (target <= 1.3 x)\n"
        f"Calls in flight at most              {provider.most_at_once}   (target >= {CHILDREN})\n"
        f"Memory of the worker, PSS            {memory.most / 1e9:.2f} GB   (target <= 1.5 GB)\n"
        f"Paid calls                           {len(provider.calls)} in the provider's log, "
        f"{paid} in the ledger\n"
        f"Asking them all took                 {asked:.1f} s"
    )


def main() -> None:
    """The three parts, on one site."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--questions", type=int, default=200, help="of the third part")
    parser.add_argument("--latency", type=float, default=5.0, help="seconds of a call, of the third part")
    options = parser.parse_args()
    site = Stack(AUTO_PUBLISH="true")
    try:
        site.set_up()
        print(f"{os.cpu_count()} cores, one worker of {CHILDREN} children\n", flush=True)
        measure_extractive(site)
        measure_overhead(site)
        measure_worker(site, count=options.questions, latency=options.latency)
    finally:
        site.tear_down()


if __name__ == "__main__":
    main()
