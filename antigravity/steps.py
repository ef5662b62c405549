"""The steps of a start as they are told at the terminal: what was done, and how long it took."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Step:
    """A step under way; `detail` is said with its end."""

    def __init__(self, what: str) -> None:
        self.what, self.detail = what, ""


@contextmanager
def step(what: str) -> Iterator[Step]:
    """Says what is done, once it is done, with its seconds; a terminal shows it while it goes on."""
    current, begun, is_terminal = Step(what), time.monotonic(), sys.stdout.isatty()
    if is_terminal:
        print(f"  {what} ...", end="\r", flush=True)
    try:
        yield current
    except Exception:
        print(f"✗ {what}     ", flush=True)
        raise
    said = f"✓ {what}{current.detail and f': {current.detail}'}"
    print(f"{said:<64} {time.monotonic() - begun:5.1f} s", flush=True)
