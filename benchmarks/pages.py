"""Measures the answer page: its first render, its throughput and its 304 beside a bare view in the same run.

    python benchmarks/pages.py [--seconds 5] [--connections 8] [--answers 40]

Starts services and a gunicorn of its own (gthread, as `manage.py start` has it). The first render is timed in
this process on one core, a question each, after one page has filled the template cache. The load generator
is one asyncio process over loopback: it takes its share of the cores, from the bare view and the pages alike.
Targets: median <= 25 ms; <= 8 queries; pages >= 0.3 x bare; 304 >= 0.4 x bare; HTML <= 60 kB.
"""

import argparse
import asyncio
import os
import secrets
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
os.environ.setdefault("MODEL_DIR", str(ROOT / "var" / "models"))

import django  # noqa: E402

from antigravity.programs import web_command  # noqa: E402
from tests.stack import Stack, wait_until  # noqa: E402

WARM_SECONDS = 6


def start_site() -> tuple[Stack, subprocess.Popen]:
    """Services, a prepared database, and gunicorn with the bare view beside the site."""
    site = Stack()
    site.services.start()
    site.manage("prepare", "--no-admin", "--no-demo")
    command = [
        "benchmarks.pages_site:application" if part == "antigravity.wsgi:application" else part
        for part in web_command(host="127.0.0.1", port=site.port)
    ]
    with (site.folder / "web.log").open("ab") as log:
        web = subprocess.Popen(command, cwd=ROOT, env=site.environment, stdout=log, stderr=log)
    wait_until(site._answers, what="gunicorn answers")
    os.environ |= site.environment | {"DJANGO_SETTINGS_MODULE": "antigravity.settings"}
    django.setup()
    return site, web


def make_questions(count: int) -> list[str]:
    """Addresses of published answers with eight sources and nine claims, as long as usual ones."""
    from tests.factories import PreprintFactory
    from tests.qa.factories import make_published_question

    abstract = "Noise lowers it to 84.0%. " + "We study noise. " * 90
    preprints = PreprintFactory.create_batch(8, abstract=abstract)
    return [
        make_published_question(preprints=preprints, cited=5, statements=9).get_absolute_url()
        for _ in range(count)
    ]


def time_first_renders(addresses: list[str]) -> tuple[list[float], int]:
    """Milliseconds of each page's first request in this process, on one core, and the queries of the last."""
    from django.core.cache import caches
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    client = Client(headers={"host": "localhost"})
    client.get(addresses[0])
    caches["pages"].clear()  # what measure() has left there
    spent = []
    for address in addresses[1:]:
        began = time.perf_counter()
        response = client.get(address)
        spent.append((time.perf_counter() - began) * 1_000)
        assert response.status_code == 200, response.status_code
    with CaptureQueriesContext(connection) as queries:
        client.get(addresses[0])
    return spent, len(queries)


async def load(port: int, requests: list[bytes], *, connections: int, seconds: float) -> tuple[float, int]:
    """Requests a second over kept-alive connections, and the size of the last body."""
    done, size = 0, 0
    end = time.perf_counter() + seconds

    async def run(offset: int) -> None:
        nonlocal done, size
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        place = offset
        while time.perf_counter() < end:
            writer.write(requests[place % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 304")), head[:200]
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
            length = int(fields.get(b"content-length", b"0"))
            if length:
                size = len(await reader.readexactly(length))
            done, place = done + 1, place + 1
            if fields.get(b"connection") == b"close":
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(run(offset) for offset in range(connections)))
    return done / (time.perf_counter() - began), size


def request(address: str, *, etag: str = "") -> bytes:
    condition = f"If-None-Match: {etag}\r\n" if etag else ""
    return f"GET {address} HTTP/1.1\r\nHost: localhost\r\n{condition}\r\n".encode()


def measure(site: Stack, addresses: list[str], options: argparse.Namespace) -> None:
    from django.test import Client

    client = Client(headers={"host": "localhost"})
    etags = {address: client.get(address)["ETag"] for address in addresses}
    size = len(client.get(addresses[0]).content)
    ways = {
        "bare view": [request(f"/bare/{size}")],
        "answer page": [request(address) for address in addresses],
        "304": [request(address, etag=etag) for address, etag in etags.items()],
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for requests in ways.values():  # each process has made each page: that is timed by itself, below
        asyncio.run(load(site.port, requests, connections=options.connections, seconds=WARM_SECONDS))
    for _ in range(3):  # in turn, so that a disturbance hits all of them
        for name, requests in ways.items():
            rate, _ = asyncio.run(
                load(site.port, requests, connections=options.connections, seconds=options.seconds / 3)
            )
            rates[name].append(rate)
    bare = statistics.median(rates["bare view"])
    print(f"HTML of an answer page: {size / 1000:.1f} kB (target <= 60)")
    targets = {"bare view": "", "answer page": " (target >= 0.3)", "304": " (target >= 0.4)"}
    for name, target in targets.items():
        rate = statistics.median(rates[name])
        print(f"{name}: {rate:,.0f} requests/s, {rate / bare:.2f} x bare{target}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures the answer page beside a bare view.")
    parser.add_argument("--seconds", type=float, default=15, help="of load for each of the three kinds")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--answers", type=int, default=40)
    options = parser.parse_args()
    site, web = start_site()
    try:
        addresses = make_questions(options.answers)
        measure(site, addresses, options)
        spent, queries = time_first_renders(addresses)
        late = statistics.quantiles(spent, n=20)[-1]
        print(
            f"first render on one core: median {statistics.median(spent):.1f} ms (target <= 25), "
            f"p95 {late:.1f} ms, {queries} queries (target <= 8)"
        )
    finally:
        web.terminate()
        web.wait(20)
        site.tear_down()


if __name__ == "__main__":
    main()
