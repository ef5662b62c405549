"""Twenty questions under way while something is killed, frozen, emptied or taken away: all end, none twice.

The site runs with production settings. Each test proves that its fault happened.
"""

import os
import signal
from dataclasses import replace
from decimal import Decimal

import psutil
import pytest

from tests.fakes import Call, Reply, write_answer
from tests.faults.conftest import LONG, WHOLE_WORKER, Site, is_gone
from tests.stack import wait_until

pytestmark = pytest.mark.xdist_group("faults")


def test_children_of_the_worker_killed_and_frozen(site: Site) -> None:
    """Who is frozen past its lease and thawed then finds its work refused."""
    slugs = site.ask(20)
    site.answer_slowly(4)
    site.wait_until_working(6)
    frozen, *killed = site.working_children()[:4]
    os.kill(frozen, signal.SIGSTOP)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: all(is_gone(pid) for pid in killed), what="the children are gone")
    assert len(killed) == 3
    wait_until(lambda: psutil.Process(frozen).status() == psutil.STATUS_STOPPED, what="the child is frozen")
    try:
        site.wait_for_end(slugs)
    finally:
        os.kill(frozen, signal.SIGCONT)
    wait_until(lambda: "run_fenced" in site.log(WHOLE_WORKER), what="the thawed child was refused")
    site.assert_answered_once(slugs, kills=len(killed))
    assert sum(run["attempts"] == 2 for run in site.runs(slugs)) >= len(killed) + 1
    assert not set(killed) & set(site.children(WHOLE_WORKER))


def test_worker_killed_and_started_again(site: Site) -> None:
    slugs = site.ask(20)
    site.wait_until_working()
    first = site.pid(WHOLE_WORKER)
    children = site.children(WHOLE_WORKER)
    site.kill(WHOLE_WORKER)
    assert is_gone(first)
    assert all(is_gone(pid) for pid in children)
    before = {run["id"]: run["lease_token"] for run in site.runs(slugs) if run["state"] == "running"}
    assert before
    second = site.start(WHOLE_WORKER)
    site.assert_answered_once(slugs, kills=1)
    assert second != first
    assert all(run["attempts"] == 2 for run in site.runs(slugs) if run["id"] in before)


def test_valkey_emptied_then_killed(site: Site) -> None:
    slugs = site.ask(20)
    site.wait_until_working()
    waiting = site.services.redis().llen("answers")
    site.services.redis().flushall()
    assert waiting > 0
    assert site.services.redis().llen("answers") < waiting
    first = site.services.valkey.pid
    site.services.valkey.kill()
    assert is_gone(first)
    more = site.ask(5)  # accepted while there is no Valkey at all
    assert set(site.states(more).values()) == {"pending"}
    site.services.valkey.start()
    assert site.services.valkey.pid != first
    site.assert_answered_once(slugs + more, kills=1)


def test_web_killed(site: Site) -> None:
    slugs = site.ask(20)
    site.wait_until_working()
    first = site.kill("web")
    assert is_gone(first)
    wait_until(lambda: len(site.provider.calls) > 8, what="work goes on without the web")
    assert site.start("web") != first
    site.wait_for_web()
    site.assert_answered_once(slugs, kills=0)
    status, _, body = site.get(f"/api/v1/questions/{slugs[0]}/")
    assert (status, body["state"]) == (200, "published")


def test_dispatcher_dead_then_two_of_them(site: Site) -> None:
    first = site.kill("dispatcher")
    assert is_gone(first)
    slugs = site.ask(4)  # whose messages the web sends itself, if Valkey takes them at once
    wait_until(lambda: "published" in site.states(slugs).values(), what="an answer without a dispatcher")
    twin = psutil.Popen(
        site.programs["dispatcher"].command,
        env=site.environment,
        stdout=-3,
        stderr=-3,
        start_new_session=True,
    )
    try:
        site.start("dispatcher")
        site.assert_answered_once(slugs + site.ask(16), kills=0)
        assert twin.poll() is None
    finally:
        twin.kill()
        twin.wait()


def test_postgres_killed(site: Site) -> None:
    slugs = site.ask(20)
    site.wait_until_working()
    [before] = site.query("SELECT pg_postmaster_start_time() AS at")
    site.services.postgres.restart_hard()
    [after] = site.query("SELECT pg_postmaster_start_time() AS at")
    assert after["at"] > before["at"]
    slugs += site.ask(2)
    site.assert_answered_once(slugs, kills=1)


def test_question_that_kills_its_worker_fails_with_words(site: Site) -> None:
    """With a shorter lease still: the third attempt would come after half a minute else."""
    site.kill(WHOLE_WORKER)
    site.start(WHOLE_WORKER, RUN_LEASE_SECONDS="4", RUN_HEARTBEAT_SECONDS="1")
    killed: list[int] = []

    def kill_caller(call: Call) -> Reply:
        # A busy machine may not show whose connection this is: then all of them, the caller among them.
        for pid in site.working_children() or site.children(WHOLE_WORKER):
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
        return write_answer(call)

    site.provider.answer = kill_caller
    [slug] = site.ask(1)
    wait_until(lambda: site.states([slug])[slug] == "failed", what="the question failed")
    [run] = site.runs([slug])
    assert (run["state"], run["error_code"], run["attempts"]) == ("failed", "worker_lost", 3)
    assert len(set(killed)) >= len(site.provider.calls) == 3
    assert all(is_gone(pid) for pid in killed)
    status, _, page = site.get(f"/ask/{slug}")
    assert status == 200
    assert "tried 3 times" in page
    site.restart(WHOLE_WORKER)


def test_worker_told_to_end_finishes_what_it_has(site: Site) -> None:
    slugs = site.ask(20)
    site.wait_until_working()
    first = site.kill(WHOLE_WORKER, signal.SIGTERM)
    assert is_gone(first)
    assert not [run for run in site.runs(slugs) if run["state"] == "running"]
    assert set(site.states(slugs).values()) == {"pending", "published"}
    site.start(WHOLE_WORKER)
    site.assert_answered_once(slugs, kills=0)


def test_published_pages_stand_while_all_else_is_dead(site: Site) -> None:
    [slug] = site.ask(1)
    site.wait_for_end([slug])
    _, _, page = site.get(f"/ask/{slug}")
    assert "Answered by" in page
    dead = [site.kill(WHOLE_WORKER), site.kill("dispatcher"), site.services.valkey.kill()]
    assert all(is_gone(pid) for pid in dead)
    try:
        for path in (f"/ask/{slug}", "/", "/abs/AG-2024.01-1576", f"/api/v1/questions/{slug}/"):
            status, _, _ = site.get(path)
            assert status == 200, path
        _, _, again = site.get(f"/ask/{slug}")
        assert article(again) == article(page)
    finally:
        site.services.valkey.start()


def article(page: str) -> str:
    return page.partition("<article")[2].partition("</article>")[0]


def test_published_page_is_unchanged_while_it_is_answered_again(site: Site) -> None:
    [slug] = site.ask(1)
    site.wait_for_end([slug])
    before = article(site.get(f"/ask/{slug}")[2])
    assert before
    site.answer_slowly(3)
    reanswer = (
        "from qa.models import Question; from qa.publishing import reanswer; "
        f"reanswer(Question.objects.get(slug='{slug}'), 'A test of versions.')"
    )
    site.manage("shell", "-c", reanswer)
    wait_until(site.working_children, what="the new version is being written")
    assert article(site.get(f"/ask/{slug}")[2]) == before
    wait_until(
        lambda: len(site.runs([slug])) == 2 and site.runs([slug])[1]["state"] == "done", what="version 2"
    )
    versions = site.query(
        "SELECT version, answer.state FROM qa_answer answer JOIN qa_question q ON q.id = question_id"
        " WHERE slug = %s ORDER BY version",
        slug,
    )
    assert versions == [{"version": 1, "state": "superseded"}, {"version": 2, "state": "published"}]


def test_hundred_asks_on_a_budget_of_ten(site: Site) -> None:
    [before] = site.query(
        "SELECT count(*) AS n, coalesce(sum(coalesce(cost_usd, reserved_usd)), 0) AS usd FROM qa_spend"
    )
    price = Decimal("0.00528")  # of 4,000 tokens in and 2,300 out
    site.provider.answer = lambda call: replace(write_answer(call), usage=(4_000, 2_300), delay=0.2)
    site.restart(WHOLE_WORKER, DAILY_BUDGET_USD=str(before["usd"] + 10 * price))
    slugs = site.ask(100)
    wait_until(
        lambda: all(r["state"] == "done" or "is used" in r["waits_for"] for r in site.runs(slugs)),
        what="all are answered or wait for the budget",
        seconds=LONG,
    )
    paid = len(site.provider.calls)
    assert 1 <= paid <= 10
    assert list(site.states(slugs).values()).count("published") == paid
    [ledger] = site.query(
        "SELECT count(*) AS n, sum(cost_usd) AS usd, count(cost_usd) AS settled FROM qa_spend"
    )
    assert ledger["n"] - before["n"] == paid
    assert ledger["settled"] == ledger["n"]
    assert ledger["usd"] - before["usd"] == paid * price
    waiting = next(slug for slug, state in site.states(slugs).items() if state == "pending")
    status, _, page = site.get(f"/ask/{waiting}")
    assert status == 200
    assert "budget is used" in page
    site.restart(WHOLE_WORKER)
