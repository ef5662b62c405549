"""Measures published pages behind nginx, with deploy/nginx.conf as it is, beside a static file as large.

    python benchmarks/proxy.py [--seconds 9]

Wants nginx and wrk (`apt install nginx-light wrk`). Starts services, a gunicorn and an nginx of its own:
requests a second of a static file of an answer page's size and of answer pages out of nginx's cache, at 32
connections; then 1,000 connections on answer pages; then how long readers get a retracted page.
Targets: pages >= 0.5 x static; at 1,000 connections p99 <= 250 ms and no error; gone within 90 s.
"""

import argparse
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import httpx
from pages import ROOT, make_questions, start_site

from antigravity.place import free_port
from tests.stack import wait_until

ADDRESSES = 30
CYCLE = """
local addresses = {%s}
local place = 0
request = function()
  place = place %% #addresses + 1
  return wrk.format("GET", addresses[place])
end
done = function(summary, latency, requests)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format("RESULT %%f %%f %%f %%d\\n", summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000, failed))
end
"""  # noqa: E501
WRAPPER = """
{user}
error_log {folder}/error.log;
pid {folder}/nginx.pid;
worker_processes 1;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    sendfile on;
    keepalive_requests 1000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    {site}
}}
"""


class Load(NamedTuple):
    """What wrk saw: requests a second, milliseconds, and answers that were none or no 2xx/3xx."""

    rate: float
    median: float
    p99: float
    failed: int


def nginx_settings(folder: Path, *, port: int, site_port: int) -> str:
    """deploy/nginx.conf with this run's ports and folders, and nothing else changed."""
    site = (ROOT / "deploy" / "nginx.conf").read_text()
    static = folder / "static"
    for written, here in {
        "listen 80;": f"listen 127.0.0.1:{port} backlog=2048;",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{site_port};",
        "server_name answers.example.org;": "server_name localhost;",
        "/var/cache/nginx/antigravity": str(folder / "cache"),
        "/srv/antigravity/var/static/": f"{static}/",
    }.items():
        assert site.count(written) == 1, written
        site = site.replace(written, here)
    user = "user root;" if Path("/proc/self").stat().st_uid == 0 else ""
    return WRAPPER.format(folder=folder, site=site, user=user)


def start_nginx(folder: Path, *, site_port: int) -> tuple[subprocess.Popen[bytes], str]:
    port = free_port()
    path = folder / "nginx.conf"
    path.write_text(nginx_settings(folder, port=port, site_port=site_port))
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(path), "-g", "daemon off;"])
    url = f"http://localhost:{port}"
    wait_until(lambda: is_answering(f"{url}/healthz"), what="nginx answers")
    return process, url


def is_answering(address: str) -> bool:
    try:
        return httpx.get(address).is_success
    except httpx.TransportError:
        return False


def load(url: str, addresses: list[str], *, folder: Path, connections: int, seconds: float) -> Load:
    script = folder / "load.lua"
    script.write_text(CYCLE % ", ".join(f'"{address}"' for address in addresses))
    options = f"-t1 -c{connections} -d{seconds:.0f}s --timeout 5s -s {script} {url}"
    said = subprocess.run(["wrk", *options.split()], check=True, capture_output=True, text=True).stdout
    found = re.search(r"RESULT (\S+) (\S+) (\S+) (\d+)", said)
    assert found, said
    rate, median, p99 = (float(one) for one in found.groups()[:3])
    return Load(rate, median, p99, int(found[4]))


def seconds_until_gone(url: str, address: str) -> float:
    """A question is retracted while nginx holds its page; seconds until a reader is told so (410)."""
    from qa.models import Question
    from qa.publishing import retract

    httpx.get(url + address)
    assert httpx.get(url + address).headers["X-Cache"] == "HIT"
    retract(Question.objects.get(slug=address.removeprefix("/ask/")), "Its source was withdrawn.")
    began = time.monotonic()
    wait_until(lambda: httpx.get(url + address).status_code == 410, what="the page is gone", seconds=120)
    return time.monotonic() - began


def measure(url: str, addresses: list[str], *, folder: Path, seconds: float) -> None:
    pages = [httpx.get(url + address) for address in addresses]
    assert all(page.status_code == 200 for page in pages)
    size = len(pages[0].content)
    (folder / "static").mkdir()
    (folder / "static" / "page.html").write_bytes(pages[0].content)
    ways = {"static file": ["/static/page.html"], "answer pages": addresses}
    seen: dict[str, list[Load]] = {name: [] for name in ways}
    for _ in range(3):  # in turn, so that a disturbance hits both
        for name, asked in ways.items():
            seen[name].append(load(url, asked, folder=folder, connections=32, seconds=seconds / 3))
    static, page = (sorted(seen[name])[1] for name in ways)  # by their median rate
    print(f"page of {size / 1000:.1f} kB, 32 connections, medians of three turns")
    print(f"static file: {static.rate:,.0f} requests/s, p99 {static.p99:.1f} ms, {static.failed} failed")
    print(f"answer pages: {page.rate:,.0f} requests/s, p99 {page.p99:.1f} ms, {page.failed} failed, "
          f"{page.rate / static.rate:.2f} x static (target >= 0.5)")  # fmt: skip
    many = load(url, addresses, folder=folder, connections=1_000, seconds=seconds)
    print(f"1,000 connections: {many.rate:,.0f} requests/s, median {many.median:.1f} ms, "
          f"p99 {many.p99:.1f} ms (target <= 250), {many.failed} failed (target 0)")  # fmt: skip
    print(f"retracted: readers behind nginx are told after {seconds_until_gone(url, addresses[0]):.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures published pages behind nginx.")
    parser.add_argument("--seconds", type=float, default=9, help="of load for each kind")
    options = parser.parse_args()
    if missing := [name for name in ("nginx", "wrk") if not shutil.which(name)]:
        sys.exit(f"Not installed: {', '.join(missing)}. apt install nginx-light wrk")
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    site, web = start_site()
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            nginx, url = start_nginx(folder, site_port=site.port)
            try:
                measure(url, make_questions(ADDRESSES), folder=folder, seconds=options.seconds)
            finally:
                nginx.terminate()
                nginx.wait(20)
    finally:
        web.terminate()
        web.wait(20)
        site.tear_down()


if __name__ == "__main__":
    main()
