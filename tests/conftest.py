"""The environment of the tests, prepared before Django reads its settings, and the fixtures that all share.

DATABASE_URL and REDIS_URL are honoured where they are set; else the run starts services of its own and ends
them. TEST_DB_SUFFIX keeps the test databases of two runs on one server apart. Each xdist worker has its own
database and its own Valkey database number.
"""

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import django
import pytest
from django.db import connection
from playwright.sync_api import Browser, Page

from tests.browser import FOREIGN, find_chromium, launched
from tests.servers import Services
from tests.stack import Stack

ROOT = Path(__file__).resolve().parent.parent
WORKER = os.environ.get("PYTEST_XDIST_WORKER")  # "gw0" in the first worker, None in a run without workers


def prepare_environment() -> Services | None:
    """Sets what the settings read; starts services where no server is named, in the main process."""
    services = None
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends the services as Ctrl-C does
    if "DATABASE_URL" not in os.environ or "REDIS_URL" not in os.environ:
        services = Services()
        services.start()
        os.environ.setdefault("DATABASE_URL", services.owner_url)  # the owner may create the test databases
        os.environ.setdefault("REDIS_URL", services.redis_url)
        os.environ["ANTIGRAVITY_TEST_SUPERUSER_URL"] = services.superuser_url
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
    os.environ.setdefault("MODEL_DIR", str(ROOT / "var" / "models"))
    os.environ.setdefault("ANTIGRAVITY_DATA", str(ROOT.parent / "shared" / "data"))
    os.environ.setdefault("REQUESTS_PER_MINUTE", "1000000")  # all tests of a worker come from one address
    os.environ["DEBUG"] = "true"  # static files need no collecting; Django's test runner turns it off again
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps an event loop in the tests' thread
    os.environ["DJANGO_SETTINGS_MODULE"] = "antigravity.settings"
    return services


def separate_worker() -> None:
    """Gives this xdist worker its own Valkey database, and this run its own test database."""
    if suffix := os.environ.pop("TEST_DB_SUFFIX", ""):
        address = urlsplit(os.environ["DATABASE_URL"])
        os.environ["DATABASE_URL"] = urlunsplit(address._replace(path=f"{address.path}_{suffix}"))
    if WORKER:
        address = urlsplit(os.environ["REDIS_URL"])
        number = (int(address.path.strip("/") or 0) + 1 + int(WORKER.removeprefix("gw"))) % 16
        os.environ["REDIS_URL"] = urlunsplit(address._replace(path=f"/{number}"))


SERVICES = prepare_environment()
separate_worker()
django.setup()


def pytest_configure(config: pytest.Config) -> None:
    """Lets this file name the settings in the workers too: named in their environment, pytest-django would
    read them before separate_worker(), and all workers would share one Valkey database.
    """
    if not WORKER and config.getoption("numprocesses", None):
        del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_unconfigure() -> None:
    if SERVICES:
        SERVICES.stop()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share something costly go to one worker: they are named after their group.

    That is what `--dist=loadgroup` splits by. xdist 3.8 writes the group into an attribute that pytest 9.1
    and later no longer read, so that a group was spread over all workers and each set up its own site.
    """
    for item in items:
        groups = {mark.args[0] for mark in item.iter_markers("xdist_group")}
        if "stack" in getattr(item, "fixturenames", ()):
            groups.add("stack")
        if WORKER and groups:
            item._id = type(item.id).parse(f"{item.nodeid}@{'_'.join(sorted(groups))}")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """pytest-django's; the pool's idle connections are closed before the database is dropped."""
    yield
    connection.close_pool()


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of demonstration and evaluation data, no part of the project; skips where it is absent."""
    folder = Path(os.environ["ANTIGRAVITY_DATA"])
    if not folder.is_dir():
        pytest.skip(f"no data at {folder}: set ANTIGRAVITY_DATA to the folder that holds it")
    return folder


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A real site on its own services: see tests/stack.py. Leave running every program you found running."""
    site = Stack()
    try:
        site.set_up()
        yield site
    finally:
        site.tear_down()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests of a worker. Without one: a failure if CI is set, else a skip."""
    path = find_chromium()
    if path is None:
        message = "no Chromium: script/test installs one, or apt install chromium"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    with launched(path) as running:
        yield running


@pytest.fixture
def foreign_requests() -> list[str]:
    """The addresses beyond this machine that `page` tried to reach; none of the requests went out."""
    return []


@pytest.fixture
def page(browser: Browser, foreign_requests: list[str]) -> Iterator[Page]:
    """A fresh browser page that reaches only this machine; see `foreign_requests` for what else it tried."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="UTC")

    def refuse(route) -> None:
        foreign_requests.append(route.request.url)
        route.abort()

    context.route(FOREIGN, refuse)
    yield context.new_page()
    context.close()
