"""Measures the checks: on SciFact's training claims, on reversed statements and exchanged figures, and on
generated answers with planted faults.

    python benchmarks/checking.py [--quick]

Of SciFact, claims with an even number are fitted on and those with an odd one reported on; features and the
evidence sentence are chosen by cross-validation inside the even half, and the hint of a reversal is fitted on
each half and reported on the other. Baselines in the same run: idf coverage of the whole abstract, the cosine
of the nearest sentence, the direction flag alone. Texts come from ANTIGRAVITY_DATA; `--quick` leaves out
what embeds.
"""

import itertools
import json
import lzma
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from scifact_claims import DATA, ROOT, Pair, Reader, auroc, fit_logistic, read_pairs

from archive.embeddings import Embedder, get_embedder
from archive.passages import split_sentences
from qa import polarity, support
from qa.binding import exchanged_figures
from qa.bounds import bound_of
from qa.checking import CheckSource, check_draft
from qa.direction import direction_differs
from qa.figures import comparable, missing_figures, read_figures, turned_figures
from qa.gating import decide
from qa.statements import parse_output
from qa.wording import squash
from tests.qa.altering import alter_bound
from tests.qa.planting import FAULTS, FIGURED, HINTED, PLACES, Planted, plant

REVERSED = ROOT / "benchmarks" / "data" / "reversed_statements.jsonl"
EXCHANGED_RECORDS = 1_500
BOUND_RECORDS = 4_000
THINNED = 0.22
ANSWERS_A_KIND = 50
PLANTED_RECORDS = 400
FOLDS = 5
RIDGE = 100.0  # of the hint of a reversal: some 280 claims, five features that say much the same
FIGURE = re.compile(r"(?<![\w.^_{\\/-])\d+(?:,\d{3})*(?:\.\d+)?(?:\s?\\?%)?(?![\w}/]|\.\d|-[a-z])")
IN_FORCE = ("product", "lacking", "figures")
FEATURE_SETS = (
    IN_FORCE,
    ("nearest", "coverage", "figures"),
    ("nearest", "soft", "lacking", "figures"),
    ("product", "three", "figures"),
    ("nearest", "three", "coverage", "figures"),
    ("product", "coverage", "figures"),
    ("product", "lacking", "three", "figures"),
)
# What affirms the clause behind it, and may be left out; and what doesn't.
AFFIRMING = re.compile(
    r"^.{0,60}\b(?:we|results?|experiments?) (?:\w+ly )?(?:show|find|found|demonstrate|prove|report|observe"
    r"|conclude|establish|reveal|indicate|suggest)\w* that (?P<tail>.+)$"
)
JOINING = re.compile(
    r"^(?:However|Moreover|Furthermore|In addition|Here|Finally|Specifically|In particular|Thus|Hence"
    r"|Therefore|Notably|Consequently), (?P<tail>.+)$"
)
DENYING = re.compile(
    r"^.{0,80}\b(?:no evidence that|not (?:true|clear|known|the case) that|unlikely that"
    r"|rule out (?:the possibility )?that|whether|(?:claim|belief|assumption|hypothesis|conjecture) that)"
    r" (?P<tail>.+)$"
)
FEWEST_TAIL_WORDS = 7
MEANING_SHARES, LATE_SHARES = (0.3, 0.4, 0.5, 0.6, 0.7), (0.0, 0.05, 0.1, 0.15, 0.2)


def table(pairs: Sequence[Pair], names: Sequence[str]) -> np.ndarray:
    return np.array([[pair.measures[name] for name in names] for pair in pairs])


def labelled(pairs: Sequence[Pair], label: str) -> list[Pair]:
    return [pair for pair in pairs if pair.label == label]


def score_with(pairs: Sequence[Pair], names: Sequence[str], fit: tuple[float, np.ndarray]) -> np.ndarray:
    return fit[0] + table(pairs, names) @ fit[1]


def fit_support(pairs: Sequence[Pair], names: Sequence[str]) -> tuple[float, np.ndarray]:
    """The logistic of these features that tells SUPPORT from topical text without evidence."""
    used = [pair for pair in pairs if pair.label in ("SUPPORT", "")]
    return fit_logistic(table(used, names), np.array([float(pair.label == "SUPPORT") for pair in used]))


def separation(
    pairs: Sequence[Pair], names: Sequence[str], fit: tuple[float, np.ndarray]
) -> tuple[float, float]:
    """AUROC of SUPPORT against topical text without evidence, and against hard negatives."""
    true = score_with(labelled(pairs, "SUPPORT"), names, fit)
    return tuple(auroc(true, score_with(labelled(pairs, label), names, fit)) for label in ("", "hard"))  # type: ignore[return-value]


def report_features(pairs: list[Pair]) -> None:
    """Which features cross-validation inside the fitted half chooses, and what they give on the other."""
    fitted = [pair for pair in pairs if pair.is_fitted]
    rest = [pair for pair in pairs if not pair.is_fitted]
    print(
        "\nfeatures of the support score: cross-validated inside the fitted half, topical and hard negatives"
    )
    found = {}
    for names in FEATURE_SETS:
        folds = []
        for fold in range(FOLDS):
            held = [pair for pair in fitted if pair.number // 2 % FOLDS == fold]
            others = [pair for pair in fitted if pair.number // 2 % FOLDS != fold]
            folds.append(separation(held, names, fit_support(others, names)))
        found[names] = np.mean(folds, axis=0)
        print(f"  {', '.join(names):<36} {found[names][0]:.3f} {found[names][1]:.3f}")
    best = max(found, key=lambda names: found[names].sum())
    for words, names in (("chosen so", best), ("in force", IN_FORCE)):
        topical, hard = separation(rest, names, fit_support(fitted, names))
        print(f"  {words}: {', '.join(names)}; on the half kept back {topical:.3f} and {hard:.3f}")


def report_support(pairs: list[Pair]) -> None:
    """The fit, and the figures of what is in force on the half that was kept back."""
    intercept, coefficients = fit_support([pair for pair in pairs if pair.is_fitted], IN_FORCE)
    print(f"INTERCEPT = {intercept:.2f}\nCOEFFICIENTS = {shown(coefficients)}")
    print(f"in qa/support.py: {support.INTERCEPT}, {support.COEFFICIENTS}\n")
    rest = [pair for pair in pairs if not pair.is_fitted]
    in_force = (support.INTERCEPT, np.array(support.COEFFICIENTS))
    figures = separation(rest, IN_FORCE, in_force)
    true = labelled(rest, "SUPPORT")
    for name, label, figure in zip(("topical text", "hard negatives"), ("", "hard"), figures, strict=True):
        false = labelled(rest, label)
        words, cosine = (
            auroc(*(np.array([pair.baselines[column] for pair in side]) for side in (true, false)))
            for column in (0, 1)
        )
        print(
            f"AUROC, SUPPORT against {name}: {figure:.3f} (idf coverage {words:.3f}, cosine {cosine:.3f}; "
            f"{len(true)} and {len(false)})"
        )
    report_verdicts(rest, in_force)


def report_verdicts(pairs: list[Pair], fit: tuple[float, np.ndarray]) -> None:
    """What share of each label is called supported, and what share unsupported."""
    for label in ("SUPPORT", "", "hard", "CONTRADICT"):
        values = 1 / (1 + np.exp(-score_with(labelled(pairs, label), IN_FORCE, fit)))
        supported = np.mean(values >= support.SUPPORTED_FROM)
        unsupported = np.mean(values < support.UNSUPPORTED_UNDER)
        print(f"  {label or 'no evidence':<12} supported {supported:.3f}   unsupported {unsupported:.3f}")


def hits(pairs: Sequence[Pair], meaning: float, late: float) -> tuple[float, float]:
    """hit@1 and hit@3 of the evidence sentence, with these shares of meaning and of lateness."""
    ranks = []
    for pair in pairs:
        places = np.linspace(0, 1, len(pair.closeness)) if len(pair.closeness) > 1 else np.zeros(1)
        score = meaning * pair.closeness + (1 - meaning) * pair.coverage + late * places
        ranks.append([int(place) for place in np.argsort(-score, kind="stable")])
    return tuple(  # type: ignore[return-value]
        float(np.mean([bool(pair.gold & set(rank[:depth])) for pair, rank in zip(pairs, ranks, strict=True)]))
        for depth in (1, 3)
    )


def report_evidence(pairs: list[Pair]) -> None:
    """The evidence sentence: shares chosen on one half, hit@k of them and of those in force on the other."""
    judged = [pair for pair in pairs if pair.gold]
    fitted = [pair for pair in judged if pair.is_fitted]
    rest = [pair for pair in judged if not pair.is_fitted]
    grid = itertools.product(MEANING_SHARES, LATE_SHARES)
    chosen = max(grid, key=lambda shares: sum(hits(fitted, *shares)))
    print(f"\nevidence sentence, hit@1 and hit@3 on the {len(rest)} pairs kept back (and on the fitted ones)")
    for name, shares in (
        ("chosen on the fitted half", chosen),
        ("in force", (support.MEANING_SHARE, support.LATE_SHARE)),
        ("by cosine alone", (1.0, 0.0)),
        ("by words alone", (0.0, 0.0)),
    ):
        first, third = hits(rest, *shares)
        own, own_third = hits(fitted, *shares)
        print(f"  {name}, {shares}: {first:.3f} {third:.3f} ({own:.3f} {own_third:.3f})")


def report_direction(pairs: list[Pair]) -> None:
    """SUPPORT against CONTRADICT: the hint, fitted on each half for the other, and single signs beside it."""
    told = [pair for pair in pairs if pair.label in ("SUPPORT", "CONTRADICT")]
    halves = [[pair for pair in told if pair.is_fitted is is_fitted] for is_fitted in (True, False)]
    fits = [fit_reversal(half) for half in halves]
    print(f"\nin qa/polarity.py: {polarity.INTERCEPT}, {polarity.COEFFICIENTS}")
    print(f"INTERCEPT = {fits[0][0]:.2f}\nCOEFFICIENTS = {shown(fits[0][1])}")
    print("AUROC, SUPPORT against CONTRADICT                       fitted half   half kept back")
    for name, measure in (
        ("the direction flag alone", lambda pair: float(pair.turned)),
        ("the share of three sentences that are turned", lambda pair: pair.turned_share),
        ("the hint, fitted on the fitted half", lambda pair: pair.reversal @ fits[0][1]),
        ("the hint, fitted on the half kept back", lambda pair: pair.reversal @ fits[1][1]),
    ):
        print(f"  {name:<52}" + "".join(f"{told_apart(half, measure):>12.3f}" for half in halves))
    for label in ("SUPPORT", "CONTRADICT"):
        own = labelled(halves[1], label)
        values = [polarity.INTERCEPT + pair.reversal @ polarity.COEFFICIENTS for pair in own]
        mentioned = np.mean(1 / (1 + np.exp(-np.array(values))) >= polarity.MENTIONED_FROM)
        print(f"  {label}: flagged {np.mean([pair.turned for pair in own]):.3f}, hinted at {mentioned:.3f}")


def fit_reversal(pairs: Sequence[Pair]) -> tuple[float, np.ndarray]:
    labels = np.array([float(pair.label == "CONTRADICT") for pair in pairs])
    return fit_logistic(np.array([pair.reversal for pair in pairs]), labels, ridge=RIDGE)


def told_apart(pairs: Sequence[Pair], measure: Callable[[Pair], float]) -> float:
    sides = (labelled(pairs, "CONTRADICT"), labelled(pairs, "SUPPORT"))
    return auroc(*(np.array([measure(pair) for pair in side]) for side in sides))


def shown(values: np.ndarray) -> str:
    return f"({', '.join(f'{value:.2f}' for value in values)})"


def report_planted(embedder: Embedder) -> None:
    """Generated answers on real abstracts, fifty for each kind of fault: what reaches a page."""
    chance = random.Random(11)
    pool = [
        CheckSource(0, f"AG-2024.01-{number:03}", record["title"], record["abstract"])
        for number, record in enumerate(chance.sample(read_demo(), PLANTED_RECORDS), start=100)
    ] + FIGURED * 25
    print("\ngenerated answers                 answers  fault shown  held  good statements dropped")
    for kind in ("", "source", *FAULTS, *PLACES, *HINTED):
        outcomes = [fate(one, embedder) for one in plant_many(pool, kind, chance)]
        counts = np.sum(outcomes, axis=0)
        print(
            f"  {kind or 'no fault':<32}{len(outcomes):>7}{counts[0]:>13}{counts[1]:>6}{counts[2]:>14} of "
            f"{counts[3]}"
        )


def plant_many(pool: Sequence[CheckSource], kind: str, chance: random.Random) -> list[Planted]:
    planted: list[Planted] = []
    while len(planted) < ANSWERS_A_KIND:
        made = plant(pool, chance, fault=kind)
        if made and len({source.identifier for source in made.sources}) == len(made.sources):
            planted.append(made)
    return planted


def fate(one: Planted, embedder: Embedder) -> tuple[int, int, int, int]:
    """Of one answer: whether its fault is on a page, whether it is held, good statements dropped, and all."""
    draft = parse_output(one.output, source_count=len(one.sources))
    checked = check_draft(draft, one.sources, question="", is_quotation=False, embedder=embedder)
    is_public = decide(draft, checked).publish
    faulty = squash(one.faulty)
    shown = [row.text for row in checked.statements if not row.is_dropped]
    shown += [draft.gap, draft.limits, *(section.heading or "" for section in draft.sections)]
    shows = any(squash(text) == faulty for text in shown)
    good = [row for row in checked.statements if row.text in one.good]
    dropped = sum(row.is_dropped for row in good)
    return int(bool(faulty) and is_public and shows), int(not is_public), dropped, len(good)


def read_demo() -> list[dict]:
    """The English part of the demonstration corpus."""
    with lzma.open(DATA / "demo" / "demo_corpus.jsonl.xz", "rt", encoding="utf-8") as lines:
        return [record for record in map(json.loads, lines) if record["lang"] == "en"]


def report_reversed() -> None:
    """Statements written beside the sentence that they are about: true ones, and the same reversed."""
    rows = [json.loads(line) for line in REVERSED.read_text(encoding="utf-8").splitlines()]
    print()
    for part in ("fit", "report"):
        own = [row for row in rows if row["part"] == part]
        flagged = {
            kind: np.mean([bool(direction_differs(row[kind], row["evidence"])) for row in own])
            for kind in ("reversed", "faithful")
        }
        print(
            f"reversed statements, {part}: of {len(own)}, flagged {flagged['reversed']:.3f} reversed and "
            f"{flagged['faithful']:.3f} true ones"
        )


def exchange_figures(sentence: str, chance: random.Random) -> str | None:
    """The sentence with two of its figures in each other's place."""
    pairs = [
        (one, other)
        for one, other in itertools.combinations(FIGURE.finditer(sentence), 2)
        if one.group() != other.group() and one.group().endswith("%") == other.group().endswith("%")
    ]
    if not pairs:
        return None
    one, other = chance.choice(pairs)
    middle = sentence[one.end() : other.start()]
    return sentence[: one.start()] + other.group() + middle + one.group() + sentence[other.end() :]


def thin_out(sentence: str, chance: random.Random) -> str:
    """The sentence without about a fifth of its words, as a crude paraphrase: its figures all stay."""
    kept = (word for word in sentence.split() if re.search(r"\d", word) or chance.random() > THINNED)
    return " ".join(kept)


def report_exchanged() -> None:
    """Figures that changed places inside a sentence, and the same sentences as they are: who is doubted."""
    chance = random.Random(3)
    counts: Counter[str] = Counter()
    for record in chance.sample(read_demo(), EXCHANGED_RECORDS):
        source = f"{record['title']}. {record['abstract']}"
        for passage in split_sentences(record["abstract"]):
            turned = exchange_figures(passage.text, chance)
            if turned is None:
                continue
            counts["sentences"] += 1
            counts["exchanged"] += bool(exchanged_figures(thin_out(turned, chance), [source]))
            counts["good"] += bool(exchanged_figures(thin_out(passage.text, chance), [source]))
    number = counts["sentences"]
    print(
        f"figures exchanged in a thinned sentence, {number}: flagged {counts['exchanged'] / number:.3f}; "
        f"thinned only: {counts['good'] / number:.3f}"
    )


def report_thinned() -> None:
    """Sentences that lost a fifth of their words, but no figure: how many hold one that is in no source."""
    chance = random.Random(5)
    seen = missing = 0
    for record in chance.sample(read_demo(), EXCHANGED_RECORDS):
        source = f"{record['title']}. {record['abstract']}"
        for passage in split_sentences(record["abstract"]):
            seen += 1
            missing += bool(missing_figures(thin_out(passage.text, chance), [source]))
    print(f"thinned sentences, {seen}: {missing} flagged for a figure ({missing / seen:.4f})")


def has_bound(text: str) -> bool:
    bare = comparable(text)
    return any(bound_of(bare, figure.start, figure.end)[0] for figure in read_figures(text))


def report_bounds() -> None:
    """Bounds in thinned sentences, as they are and altered: flagged by all that the source says, and more."""
    chance = random.Random(5)
    counts: Counter[str] = Counter()
    for record in chance.sample(read_demo(), BOUND_RECORDS):
        source = f"{record['title']}. {record['abstract']}"
        for passage in split_sentences(record["abstract"]):
            thinned = thin_out(passage.text, chance)
            altered = alter_bound(thinned, source, chance) if has_bound(thinned) else None
            for kind, text in (("good", thinned if has_bound(thinned) else ""), ("altered", altered)):
                by_source = any(one.is_turned for one in missing_figures(text or "", [source]))
                counts[kind] += bool(text)
                counts[f"{kind} by source"] += by_source
                counts[f"{kind} by all"] += by_source or bool(turned_figures(text or "", passage.text, []))
    for kind in ("altered", "good"):
        print(
            f"bounds in thinned sentences, {kind}, {counts[kind]}: flagged by the whole source "
            f"{counts[f'{kind} by source']}, by the evidence sentence too {counts[f'{kind} by all']}"
        )


def report_cut() -> None:
    """Ends of sentences of the demonstration corpus, said as if they were whole: which are flagged."""
    sentences = [passage.text for record in read_demo() for passage in split_sentences(record["abstract"])]
    kinds = {"“we show that”": AFFIRMING, "“However,”": JOINING, "a denial or doubt": DENYING}
    for name, pattern in kinds.items():
        found = ((sentence, pattern.match(sentence)) for sentence in sentences)
        cut = [(one["tail"], sentence) for sentence, one in found if one]
        cut = [pair for pair in cut if len(pair[0].split()) >= FEWEST_TAIL_WORDS]
        flagged = sum(bool(direction_differs(*pair)) for pair in cut)
        print(f"cut off {name} and the like: {flagged} of {len(cut)} flagged ({flagged / len(cut):.3f})")


def main() -> None:
    """All reports; `--quick` leaves out those that embed."""
    report_reversed()
    report_exchanged()
    report_thinned()
    report_bounds()
    report_cut()
    if "--quick" in sys.argv:
        return
    embedder = get_embedder()
    report_planted(embedder)
    pairs = read_pairs(Reader(embedder))
    report_support(pairs)
    report_features(pairs)
    report_evidence(pairs)
    report_direction(pairs)


if __name__ == "__main__":
    main()
