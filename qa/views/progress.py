"""What a waiting page shows: the steps of the open run and the preprints found, no word of the answer."""

from dataclasses import dataclass

from archive.models import Preprint
from qa.models import AnswerRun, Question
from qa.runs import queue_position

NEAREST = 5
LEAST_SHOWN = 0.005  # what rounds to 1%


@dataclass(frozen=True)
class Step:
    """One line of the list: its words, and whether it is done, current or still to come."""

    label: str
    state: str


@dataclass(frozen=True)
class Found:
    """A preprint that a run's search found, and how much it bears on the question (0 to 1, or None)."""

    preprint: Preprint
    similarity: float | None


def _label(step: AnswerRun.Step, run: AnswerRun) -> str:
    is_now = run.step == step
    if step == AnswerRun.Step.READING:
        knows = (AnswerRun.Step.READING, AnswerRun.Step.WRITING)  # later steps count something else
        count = run.step_detail if run.step in knows else 0
        return f"Reading {count} preprint{'s' if count != 1 else ''}" if count else "Reading the preprints"
    if step == AnswerRun.Step.CHECKING:
        count = run.step_detail if is_now else 0
        return f"Checking {count} citation{'s' if count != 1 else ''}" if count else "Checking every citation"
    return {
        AnswerRun.Step.QUEUED: "Waiting for a worker",
        AnswerRun.Step.SEARCHING: "Searching the archive",
        AnswerRun.Step.WRITING: "Writing the answer",
    }[step]


def list_steps(run: AnswerRun) -> list[Step]:
    """The steps in order, as far as the run has come."""
    order: list[AnswerRun.Step] = [step for step in AnswerRun.Step if step != AnswerRun.Step.FINISHED]
    current = order.index(AnswerRun.Step(run.step)) if run.step in order else len(order)
    states = ["done" if n < current else "current" if n == current else "todo" for n in range(len(order))]
    return [Step(_label(step, run), state) for step, state in zip(order, states, strict=True)]


def found_preprints(run: AnswerRun) -> list[Found]:
    """The preprints of a run's search in its order, without those withdrawn since."""
    similarities = {row["identifier"]: row.get("similarity") for row in run.retrieved}
    rows = Preprint.objects.available().defer("abstract").in_bulk(list(similarities), field_name="identifier")
    return [Found(rows[name], similarity) for name, similarity in similarities.items() if name in rows]


def nearest(run: AnswerRun) -> list[Found]:
    """The few preprints that came nearest to a question that the archive can't answer; none that is at 0%."""
    found = [one for one in found_preprints(run) if one.similarity is None or one.similarity >= LEAST_SHOWN]
    return found[:NEAREST]


def progress_context(question: Question) -> dict[str, object]:
    """The open run of a pending question, or the last one in the moment between two."""
    run = question.runs.open().first() or question.runs.first()
    if run is None:
        return {"question": question, "run": None}
    return {
        "question": question,
        "run": run,
        "steps": list_steps(run),
        "before": queue_position(run) - 1 if run.state == AnswerRun.State.QUEUED else 0,
        "found": found_preprints(run),
    }
