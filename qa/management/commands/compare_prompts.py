"""Writes answers to the same questions in two ways, and reports checks, lengths, cost and time of both."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.text import Truncator

from qa.budget import BudgetUsed
from qa.prompts import UnknownPrompt, prompt_names, read_prompt
from qa.trials import Configuration, Trial, find_material, sum_up, try_out

QUESTIONS = settings.BASE_DIR / "qa" / "data" / "comparison_questions.txt"
WIDTH = 44  # of a column
EXAMPLE = "openai/gpt-4.1-mini@v1 anthropic/claude-haiku-4-5"


@dataclass
class Report:
    """What came of the questions so far."""

    configurations: list[Configuration]
    pairs: list[tuple[Trial, ...]] = field(default_factory=list)
    not_in_archive: list[str] = field(default_factory=list)

    def trials(self, side: int) -> list[Trial]:
        return [pair[side] for pair in self.pairs]


class Command(BaseCommand):
    help = (
        "Writes answers to a set of questions with two configurations, checks them as the site would, and "
        "reports verdicts, checks, lengths, cost and seconds side by side. Nothing is published or kept but "
        "the ledger's rows, and the budgets hold. A configuration is MODEL or MODEL@PROMPT: " + EXAMPLE
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("configurations", nargs="*", metavar="MODEL[@PROMPT]", help="Two of them.")
        parser.add_argument(
            "--questions", type=Path, default=QUESTIONS, help="A file: a question a line, # begins a remark."
        )
        parser.add_argument("--limit", type=int, help="Only so many of the questions.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object, with every trial.")
        parser.add_argument(
            "--versions", action="store_true", help="Only list the prompts there are, with their digests."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["versions"]:
            for name in prompt_names():
                self.stdout.write(f"{name} {read_prompt(name).digest}")
            return
        report = Report(read_configurations(options["configurations"]))
        questions = read_questions(options["questions"])[: options["limit"]]
        trouble = self.fill_in(report, questions, is_quiet=options["json"])
        if options["json"]:
            self.stdout.write(as_json(report))
        else:
            self.show_sums(report)
        if trouble:
            raise CommandError(trouble)

    def fill_in(self, report: Report, questions: list[str], *, is_quiet: bool) -> str:
        """Tries every question on both sides; returns why it stopped before the last one, if it did."""
        for done, question in enumerate(questions):
            material = find_material(question)
            if material is None:
                report.not_in_archive.append(question)
                continue
            try:
                pair = tuple(try_out(one, material) for one in report.configurations)
            except BudgetUsed as used:
                return f"Stopped after {done} of {len(questions)} questions: {used.waits_for}."
            report.pairs.append(pair)
            if not is_quiet:
                self.show_pair(question, pair)
        return ""

    def show_pair(self, question: str, pair: tuple[Trial, ...]) -> None:
        self.stdout.write(f"\n{question}")
        for letter, trial in zip("AB", pair, strict=True):
            gate = "published" if trial.is_published else "held" if trial.statements else "-"
            self.stdout.write(
                f"  {letter}  {trial.outcome:<12} {gate:<9} {trial.words:>4} words "
                f"{in_words(trial.citations)}  ${trial.usd:.4f}  {trial.seconds:.1f} s"
            )
            for reason in trial.reasons[:3]:
                self.stdout.write(f"     {Truncator(reason).chars(100)}")

    def show_sums(self, report: Report) -> None:
        sides = [sum_up(report.trials(side)) for side in (0, 1)]
        names = zip("AB", report.configurations, strict=True)
        heads = "".join(f"{f'{letter} {configuration}':<{WIDTH}}" for letter, configuration in names)
        self.stdout.write(f"\n{'':<16}{heads}".rstrip())
        for name in sides[0]:
            cells = "".join(f"{in_words(side[name]):<{WIDTH}}" for side in sides)
            self.stdout.write(f"{name.replace('_', ' '):<16}{cells}".rstrip())
        self.stdout.write("Words and seconds are medians; seconds are those of the writing alone.")
        if report.not_in_archive:
            self.stdout.write(f"Not in this archive, so written by neither: {len(report.not_in_archive)}")


def read_configurations(texts: list[str]) -> list[Configuration]:
    """Two of them. Raises CommandError."""
    if len(texts) != 2:
        raise CommandError(f"Name two configurations, such as: {EXAMPLE}")
    try:
        return [Configuration.parse(text) for text in texts]
    except UnknownPrompt as error:
        raise CommandError(str(error)) from error


def read_questions(path: Path) -> list[str]:
    """The questions in a file. Raises CommandError where there are none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} can't be read: {error}") from error
    questions = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not questions:
        raise CommandError(f"{path} holds no question.")
    return questions


def in_words(value: Any) -> str:
    """A figure, or figures by name, on one line."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items() if count) or "none"
    return str(value)


def as_json(report: Report) -> str:
    """Everything, for programs."""
    sides = [
        {
            "model": configuration.model,
            "prompt_version": configuration.prompt.version,
            **sum_up(report.trials(side)),
            "trials": [asdict(trial) for trial in report.trials(side)],
        }
        for side, configuration in enumerate(report.configurations)
    ]
    whole = {"configurations": sides, "not_in_archive": report.not_in_archive}
    return json.dumps(whole, indent=2, default=str, ensure_ascii=False)
