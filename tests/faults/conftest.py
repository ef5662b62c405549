"""A whole site that asks a slow fake provider, on services of its own, to be broken by the tests."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import psutil
import pytest

from tests.fakes import FakeProvider, write_answer
from tests.stack import Stack, wait_until

AT_ONCE = 8  # children of the worker
FINAL = {"published", "held", "unanswerable"}
LONG = 240  # seconds; a guard against hanging on a busy machine
WHOLE_WORKER = "worker-answers"


class Site(Stack):
    """A running site and its provider. Every test gets it whole, and leaves it whole.

    Its lease is a third of a production site's, so that nobody waits half a minute for a dead worker's to
    lapse; it still outlives four heartbeats that got lost.
    """

    def __init__(self, provider: FakeProvider) -> None:
        super().__init__(
            ANSWER_MODEL="openai/gpt-4.1-mini",
            ANSWER_API_BASE=provider.openai_base,
            OPENAI_API_KEY="test",
            RUN_LEASE_SECONDS="10",
            RUN_HEARTBEAT_SECONDS="2",
        )
        self.provider = provider
        self.asked = 0

    def answer_slowly(self, seconds: float) -> None:
        """From now on, and with an empty log."""
        self.provider.calls.clear()
        self.provider.answer = lambda call: replace(write_answer(call), delay=seconds)

    def ask(self, count: int) -> list[str]:
        """So many new questions over REST, all accepted; their addresses."""
        texts = []
        for _ in range(count):
            self.asked += 1
            texts.append(f"How do quantum diffusion models generate images, in case {self.asked}?")
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda text: self.post("/api/v1/questions/", {"text": text}), texts))
        assert {status for status, _, _ in answers} == {202}, answers[0]
        return [body["slug"] for _, _, body in answers]

    def states(self, slugs: list[str]) -> dict[str, str]:
        rows = self.query("SELECT slug, state FROM qa_question WHERE slug = ANY(%s)", slugs)
        return {row["slug"]: row["state"] for row in rows}

    def runs(self, slugs: list[str]) -> list[dict[str, Any]]:
        return self.query(
            "SELECT run.* FROM qa_answerrun run JOIN qa_question question ON question.id = run.question_id"
            " WHERE slug = ANY(%s) ORDER BY run.id",
            slugs,
        )

    def wait_until_working(self, at_least: int = 3) -> None:
        """Until so many calls of the provider are under way."""
        wait_until(lambda: len(self.provider.calls) >= at_least, what="the provider is called")

    def wait_for_end(self, slugs: list[str]) -> None:
        wait_until(
            lambda: set(self.states(slugs).values()) <= FINAL,
            what=f"the end of all of {slugs}",
            seconds=LONG,
        )

    def working_children(self) -> list[int]:
        """The worker's children that wait for the provider's reply."""
        return [pid for pid in self.children(WHOLE_WORKER) if ports_of(pid) & self.provider.busy]

    def assert_answered_once(self, slugs: list[str], *, kills: int) -> None:
        """Each question has one answer and one finished run, for hardly more calls than questions."""
        assert len(slugs) == len(set(slugs))
        self.wait_for_end(slugs)
        rows = self.query(
            "SELECT slug, count(DISTINCT answer.id) AS answers, count(DISTINCT run.id) AS runs"
            " FROM qa_question question JOIN qa_answerrun run ON run.question_id = question.id"
            " LEFT JOIN qa_answer answer ON answer.question_id = question.id"
            " WHERE slug = ANY(%s) GROUP BY slug",
            slugs,
        )
        assert {(row["answers"], row["runs"]) for row in rows} == {(1, 1)}
        assert len(rows) == len(slugs)
        assert {run["state"] for run in self.runs(slugs)} == {"done"}
        assert len(slugs) <= len(self.provider.calls) <= len(slugs) + kills * AT_ONCE


def ports_of(pid: int) -> set[int]:
    """The ports of a process's connections on its own side."""
    try:
        return {link.laddr.port for link in psutil.Process(pid).net_connections(kind="tcp")}
    except psutil.NoSuchProcess:
        return set()


def is_gone(pid: int) -> bool:
    """Whether the process has ended; a dead child that nobody has asked after counts as ended."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture(scope="session")
def whole_site() -> Iterator[Site]:
    with FakeProvider(answer=write_answer) as provider:
        site = Site(provider)
        try:
            site.set_up()
            yield site
        finally:
            site.tear_down()


@pytest.fixture
def site(whole_site: Site) -> Iterator[Site]:
    """The site, with an idle worker and a provider that takes two seconds."""
    wait_until(lambda: not whole_site.provider.busy, what="no call is left of the test before")
    whole_site.answer_slowly(2)
    yield whole_site
    for name in ("web", "dispatcher", WHOLE_WORKER):
        if name not in whole_site.processes:
            whole_site.start(name)
    whole_site.wait_for_web()
