"""The commands of docs/api.md do what the guide says of them, as somebody would type them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from qa.models import Question, Token
from qa.tokens import equip_token
from tests.factories import PreprintFactory
from tests.qa.factories import AnswerRunFactory, make_published_question

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
COMMANDS = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


def commands_with(words: str) -> str:
    """The block of commands in the guide that has these words."""
    [block] = [block for block in COMMANDS if words in block]
    return block


@pytest.fixture
def run(live_server, tmp_path, django_user_model):
    """Runs a block of the guide in a shell, for a question and with a curator's token; what it prints."""
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    curator = django_user_model.objects.create_superuser("grace")
    token = Token(label="guide", owner=curator, scopes=["read", "ask", "curate"])
    equip_token(token)
    token.save()

    def run_block(words: str, question: Question | None = None) -> str:
        script = re.sub(r"^site=.*", "", commands_with(words), flags=re.MULTILINE)
        script = script.replace("<slug>", question.slug if question else "")
        names = {"site": live_server.url, "TOKEN": token.secret, "PATH": "/usr/bin:/bin"}
        command = ["sh", "-euc", script]
        done = subprocess.run(command, check=True, cwd=tmp_path, env=names, capture_output=True, text=True)
        return done.stdout

    return run_block


@pytest.mark.django_db(transaction=True)
def test_commands_of_the_guide_work(run):
    PreprintFactory()
    published, pending = make_published_question(), AnswerRunFactory()

    asked = run("What limits the depth", published)
    assert asked.startswith("HTTP/1.1 202 ")
    assert re.search(r"^Location: \S+/api/v1/questions/[a-z0-9]{10}/", asked, re.MULTILINE)
    assert '"answer":{"version":1' in asked

    repeated = [run("Idempotency-Key") for _ in range(2)]
    assert [reply.startswith("HTTP/1.1 202 ") for reply in repeated] == [True, True]
    assert '"duplicate":true' in run('questions/ -H "Authorization')

    assert '"step":"queued"' in run("wait=20", pending.question)
    pending.waits_for = "Today's budget is used."
    pending.save()
    assert "budget is used" in run("wait=20", pending.question)

    limits = run("grep -i ratelimit")
    assert re.search(r'^RateLimit-Policy: "requests";q=\d+;w=60', limits, re.MULTILINE)
    assert re.search(r'^RateLimit: "requests";r=\d+;t=\d+', limits, re.MULTILINE)

    assert '"state":"retracted"' in run("/retract/", published)
    published.refresh_from_db()
    assert published.reason == "Its main source was withdrawn."
