"""The rules of the house that no linter checks: sizes, rooms, names, locked requirements, lean processes."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = [
    path
    for room in ("antigravity", "archive", "qa")
    for path in sorted((ROOT / room).rglob("*.py"))
    if "migrations" not in path.parts
]
TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))
LATE_ROOMS = {"antigravity/mcp.py": {"qa"}}  # docs/decisions/0021: qa.mcp.server brings the SDK
LITELLM_ROOMS = {"qa/llm.py", "qa/extractive.py", "archive/embeddings.py"}
ENVIRONMENT_ROOMS = {"antigravity/settings.py", "antigravity/management/commands/start.py"}
FORBIDDEN_ROOMS = {"services", "utils", "helpers", "managers", "signals", "core", "common", "lib"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def nodes(path: Path, *kinds: type[ast.AST]) -> list[ast.AST]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kinds)]


def imported(node: ast.AST) -> set[str]:
    """The top-level packages that an import statement names."""
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").split(".")[0]}
    return {alias.name.split(".")[0] for alias in node.names}


def code_of(path: Path) -> str:
    """The source without its comments and docstrings, as Python reads it."""
    return ast.unparse(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_module_is_of_a_readable_size(path):
    assert len(path.read_text().splitlines()) <= 400
    for node in nodes(path, ast.FunctionDef, ast.AsyncFunctionDef):
        assert node.end_lineno - node.lineno + 1 <= 45, f"{node.name} is too long"


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_template_is_small_and_escapes_everything(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 80
    assert not re.search(r"\|\s*safe\b|\{%\s*autoescape\s+off", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)
    assert not re.search(r"<script(?![^>]*\b(?:src=|type=\"application/(?:ld\+)?json\"))", text)


def test_rooms_have_telling_names():
    assert not [name_of(path) for path in PRODUCT if {path.stem, path.parent.name} & FORBIDDEN_ROOMS]


def test_only_settings_and_start_read_the_environment():
    readers = {name_of(path) for path in PRODUCT if re.search(r"\bos\.(?:environ|getenv)\b", code_of(path))}
    wiring = {"antigravity/celery.py", "antigravity/wsgi.py"}  # these name the settings module
    assert readers <= ENVIRONMENT_ROOMS | wiring


def test_only_its_three_rooms_import_litellm():
    rooms = {
        name_of(path)
        for path in PRODUCT
        if any("litellm" in imported(node) for node in nodes(path, ast.Import, ast.ImportFrom))
    }
    assert rooms <= LITELLM_ROOMS


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_imports_stand_at_the_top(path):
    inside = {
        package
        for function in nodes(path, ast.FunctionDef, ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for package in imported(node)
    }
    allowed = {"litellm"} if name_of(path) in LITELLM_ROOMS else LATE_ROOMS.get(name_of(path), set())
    assert inside <= allowed


def test_nothing_listens_to_model_signals():
    assert not [name_of(path) for path in PRODUCT if "models.signals" in code_of(path)]


def test_migrations_have_names_and_are_complete(db):
    migrations = ROOT.glob("*/migrations/0*.py")
    assert not [path.name for path in migrations if "_auto_" in path.name]
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-model.txt", "requirements-dev.txt"])
def test_requirements_are_locked_with_hashes(name):
    text = re.sub(r"\\\n", " ", (ROOT / name).read_text())
    requirements = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert requirements
    for line in requirements:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,-]+\])?==[^ ]+ .*--hash=sha256:[0-9a-f]{64}", line), line[:80]


def test_litellm_is_the_release_that_was_read():
    assert re.findall(r"^litellm==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE) == [
        "1.101.6"
    ]


def test_torch_is_neither_locked_nor_installed():
    for name in ("requirements.txt", "requirements-model.txt", "requirements-dev.txt"):
        assert not re.search(r"^(torch|triton|nvidia-\S+)==", (ROOT / name).read_text(), re.MULTILINE)
    assert importlib.util.find_spec("torch") is None


def test_web_process_is_lean():
    """Neither litellm nor, before an agent calls, the SDK of MCP and the web server that it brings."""
    heavy = "{'litellm', 'torch', 'onnx', 'mcp', 'mcp_types', 'starlette', 'uvicorn', 'anyio'}"
    look = f"import antigravity.urls; import sys; print(sorted({heavy} & set(sys.modules)))"
    then = "import qa.mcp.server; print('mcp' in sys.modules, 'litellm' in sys.modules)"
    command = [sys.executable, "-c", f"import antigravity.wsgi; {look}; {then}"]
    done = subprocess.run(command, check=False, cwd=ROOT, env=os.environ, capture_output=True, text=True)
    assert done.stdout.split("\n")[:2] == ["[]", "True False"], done.stderr


def test_time_limits_nest():
    visibility = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert settings.RUN_HEARTBEAT_SECONDS < settings.RUN_LEASE_SECONDS
    assert (settings.RUN_HEARTBEAT_SECONDS, settings.RUN_LEASE_SECONDS) == (10, 30)
    limits = [
        settings.LLM_DEADLINE_SECONDS,
        settings.CELERY_TASK_SOFT_TIME_LIMIT,
        settings.CELERY_TASK_TIME_LIMIT,
        visibility,
    ]
    assert limits == sorted(set(limits)) == [90, 120, 150, 300]
