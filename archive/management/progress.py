"""How far a command is: a bar with rate and time left on a terminal, a line now and then in a log."""

import time
from typing import Self

from django.core.management.base import OutputWrapper
from tqdm import tqdm

LINE_EVERY_SECONDS = 30.0


class Progress:
    """Shows how many of how many are done, how many a second, and how long the rest takes.

    `done` is what was done before: the rate counts only what is done now.
    """

    def __init__(self, unit: str, out: OutputWrapper, *, done: int = 0) -> None:
        self.unit, self.out, self.begin = unit, out, done
        self.begun = self.last_line = time.monotonic()
        self.is_terminal = out.isatty()
        self.bar = tqdm(
            unit=f" {unit}",
            unit_scale=True,
            initial=done,
            file=out,
            disable=not self.is_terminal,
            smoothing=0.1,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def show(self, done: int, *, total: float | None = None) -> None:
        """`total` may be an estimate, and may change."""
        if self.is_terminal:
            self.bar.total = max(total, done) if total else None
            self.bar.update(done - self.bar.n)
        elif time.monotonic() - self.last_line >= LINE_EVERY_SECONDS:
            self.last_line = time.monotonic()
            self.out.write(self.describe(done, total))

    def describe(self, done: int, total: float | None) -> str:
        rate = (done - self.begin) / max(time.monotonic() - self.begun, 0.001)
        text = f"{done:,} {self.unit}, {rate:,.0f} a second"
        if total and rate and total > done:
            minutes, seconds = divmod(round((total - done) / rate), 60)
            text += f", {minutes // 60}:{minutes % 60:02d}:{seconds:02d} left"
        return text
