"""The Chromium of the browser tests: found, or installed where possible (`python -m tests.browser`)."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
FOREIGN = re.compile(r"^(?:https?|wss?)://(?!(?:127\.0\.0\.1|localhost|\[::1\])(?:[:/]|$))", re.IGNORECASE)


def find_chromium() -> str | None:
    """The path of a Chromium: the system's, or the one Playwright downloaded; None where there is neither."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if path and Path(path).exists() else None


def install_chromium() -> str:
    """Installs a Chromium: with apt as root on Debian and its kin, else by Playwright. Returns how."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=True, stdout=subprocess.DEVNULL)
        apt = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(apt, check=True, stdout=subprocess.DEVNULL, env=environment)
        return "apt-get install chromium"
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
    return "playwright install chromium"


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    """A running headless Chromium that itself calls nobody."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def main() -> int:
    """Says which Chromium the tests take, and returns the exit status: 1 where none could be had."""
    path = find_chromium()
    if path:
        print(f"✓ browser {path}")
        return 0
    try:
        print("No Chromium found, installing one ...", flush=True)
        print(f"✓ browser {find_chromium() if install_chromium() else None}")
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"✗ no Chromium, and none could be installed ({error}). Install one: apt install chromium")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
