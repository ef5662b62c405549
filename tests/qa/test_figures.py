"""Numbers, ranges, units and names: found where the source has them in whatever way they are written, and
only there.
"""

import pytest

from qa.figures import conflicting_figures, missing_figures


def shown(statement: str, source: str) -> list[str]:
    return [figure.shown for figure in missing_figures(statement, [source])]


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("an AUROC of 0.70–0.74", "an AUROC of 0.70-0.74"),
        ("an AUROC of 0.70–0.74", "an AUROC between $0.70$ and $0.74$"),
        ("an AUROC from .7 to .74", "an AUROC of 0.70--0.74"),
        ("91.47% accuracy", "an accuracy of 91.47 %"),
        ("91.47 percent", r"91.47\%"),
        ("1,000 images", "1000 images"),
        ("1000 images", r"$1{,}000$ images"),
        ("10 000 images", "10,000 images"),
        ("three layers", "3 layers"),
        ("3 layers", "three layers"),
        ("21 labels", "twenty-one labels"),
        ("the 5th order", "fifth-order terms"),
        ("a rate of 1e-3", "a rate of $10^{-3}$"),
        ("2.5×10⁻⁴ s", r"$2.5 \times 10^{-4}$ s"),
        ("2.5e-4 s", "2.5 x 10^-4 s"),
        ("1.5 million images", "1,500,000 images"),
        ("100,000 images", "100k images"),
        ("a 7B model", "a model of 7 billion parameters"),
        ("5 ms", "between 5 and 10 ms"),
        ("5 GHz", "at 5GHz"),
        ("100 microseconds", r"100~$\mu$s"),
        ("67.4 ± 0.5 km", r"$67.4\pm0.5$ km"),
        ("a tenfold gain", "a 10-fold gain"),
        ("2.5x faster", "a 2.5-fold speed-up"),
        ("3D scans", "three-dimensional scans"),
        ("224x224 pixels", r"$224\times224$ pixels"),
        ("w = -1.03", "$w=-1.03$"),
        ("reduced by 5%", "a change of -5%"),
        ("GPT-4 wins", "we use GPT 4 here"),
        ("ResNet50", "a ResNet-50 network"),
        ("a ResNet-50-based model", "ResNet-50"),
        ("Qwen2.5", "Qwen2.5-7B"),
        ("Llama 2", "the Llama-2 family"),
        ("H2O and SU(2)", "H$_2$O and $SU(2)$"),
        ("in 2020", "since 2020"),
        ("one of them", "no figure here"),
        ("the second model", "no figure here"),
        ("a third model, both of them, a pair", "no figure here"),
        ("once, a single run", "no figure here"),
        ("a manifold with a scaffold", "no figure here"),
        ("half of the loss", "½ of the loss"),
        ("half of the loss", r"$\frac{1}{2}$ of the loss"),
        ("half of the loss", "50% of the loss"),
        ("1/2 of the loss", "half the loss"),
        ("a third of the loss", "⅓ of the loss"),
        ("one-third of them", "one third of them"),
        ("two thirds of them", "2/3 of them"),
        ("a quarter of the loss", "1/4 of the loss"),
        ("25% of the loss", "a quarter of the loss"),
        ("twofold", "2x faster"),
        ("twice as fast", "two times faster"),
        ("doubles the speed", "a two-fold gain in speed"),
        ("tripled", "by a factor of three"),
        ("by a factor of two", "twice"),
        ("quadruples", "four times"),
        ("halves the loss", "the loss is reduced by half"),
        ("halved", "half the loss of others"),
        ("halves the loss", "reduced by a factor of two"),
        ("a tenfold number", "ten times the number"),
        ("a hundredfold gain", "100x"),
        ("a hundred images", "100 images"),
        ("two dozen qubits", "24 qubits"),
        ("a dozen qubits", "12 qubits"),
        ("dozens of qubits", "with dozens of them"),
        ("hundreds of images", "several hundred images"),
        ("thousands", "many thousands of stars"),
        ("3 million stars", "3,000,000 stars"),
        ("orders of magnitude", "two orders of magnitude"),
    ],
)
def test_missing_figures_finds_what_is_written_otherwise(statement, source):
    assert shown(statement, source) == []


@pytest.mark.parametrize(
    ("statement", "source", "missing"),
    [
        ("91.74% accuracy", "91.47% accuracy", ["91.74%"]),
        ("an AUROC of 0.70–0.75", "an AUROC of 0.70–0.74", ["0.75"]),
        ("58% of them", "58 images", ["58%"]),
        ("5 GHz", "5 MHz", ["5 GHz"]),
        ("5 ms", "5 s", ["5 ms"]),
        ("1.03", "w=-1.03", ["1.03"]),
        ("a rate of 1e-4", "a rate of $10^{-3}$", ["1e-4"]),
        ("10,000 images", "1,000 images", ["10,000"]),
        ("four layers", "3 layers", ["four"]),
        ("10 images", "CIFAR-10 images", ["10"]),
        ("GPT-4", "GPT-3", ["GPT-4"]),
        ("CIFAR-100", "CIFAR-10", ["CIFAR-100"]),
        ("in 2021", "since 2020", ["2021"]),
        ("a quarter of the loss", "half of the loss", ["quarter"]),
        ("a third of the loss", "half of the loss; the third model", ["a third"]),
        ("two thirds of it", "two models, the third of them", ["two thirds"]),
        ("1/3 of it", "1 to 3 layers", ["1/3"]),
        ("half the loss", "the second model", ["half"]),
        ("a tenfold number", "three times the number", ["tenfold"]),
        ("a tenfold number", "10 shots", ["tenfold"]),
        ("hundredfold", "100 shots", ["hundredfold"]),
        ("halves the accuracy", "half of the loss", ["halves"]),
        ("doubles the accuracy", "half of the loss for two models", ["doubles"]),
        ("twice the accuracy", "91.5% to 84.0%", ["twice"]),
        ("triple the number", "the third of 3 runs", ["triple"]),
        ("dozens of qubits", "84.0%", ["dozens"]),
        ("hundreds of qubits", "100 runs", ["hundreds"]),
        ("several thousand qubits", "hundreds of qubits", ["several thousand"]),
        ("a hundred qubits", "ten qubits", ["hundred qubits"]),
        ("orders of magnitude faster", "somewhat faster", ["orders of magnitude"]),
    ],
)
def test_missing_figures_names_what_is_not_there(statement, source, missing):
    assert shown(statement, source) == missing


@pytest.mark.parametrize(
    ("statement", "source", "missing"),
    [
        ("One of the three devices failed", "Two of the three devices failed", ["One"]),
        ("Two of the three devices failed", "One of the three devices failed", ["Two"]),
        ("a fourth-order scheme", "a third-order scheme of 4 stages", ["fourth-order"]),
        ("the second harmonic", "the third harmonic; the second model", ["second harmonic"]),
        ("a gain with p > 0.05", "a gain with p < 0.05", ["> 0.05"]),
        ("a gain with $p>0.05$", "a gain ($p \\leq 0.05$)", ["> 0.05"]),
        ("at most 90% of the runs", "at least 90% of the runs", ["at most 90%"]),
        ("more than 90% of the runs", "less than 90% of the runs", ["more than 90%"]),
        ("no more than 90% of the runs", "more than 90% of the runs", ["no more than 90%"]),
        ("90% or more of the runs", "at most 90% of the runs", ["or more 90%"]),
        ("The change is -0.3 dB", "The change is 0.3 dB", ["0.3 dB"]),
        ("The change is 0.3 dB", "The change is −0.3 dB", ["0.3 dB"]),
        ("The change is 0.3 dB", "The change is minus 0.3 dB", ["0.3 dB"]),
        ("a gain of 91 percentage points", "a gain of 91%", ["91 percentage points"]),
        ("a gain of 91%", "a gain of 91 percentage points", ["91%"]),
        ("a dose of 5 mg/kg", "a dose of 5 mg", ["5 mg/kg"]),
        ("a dose of 5 mg", "a dose of 5 mg/kg", ["5 mg"]),
        ("a speed of 5 km/s", "a speed of 5 km/h", ["5 km/s"]),
        ("a field of 3 T", "a field of 3 mT", ["3 T"]),
        ("a field of 3 mT", "a field of 3 T", ["3 mT"]),
        ("30 wt% of salt", "30 vol% of salt", ["30 wt%"]),
        ("30 wt% of salt", "30% of salt", ["30 wt%"]),
        ("an order of magnitude faster", "two orders of magnitude faster", ["order of magnitude"]),
        ("two orders of magnitude faster", "an order of magnitude faster", ["two orders of magnitude"]),
        ("orders of magnitude faster", "an order of magnitude faster", ["orders of magnitude"]),
        ("a type III burst", "a type II burst", ["type III"]),
        ("a phase II trial", "a phase III trial", ["phase II"]),
        ("type IIa cells", "type IIb cells", ["type IIa"]),
    ],
)
def test_missing_figures_tells_near_ones_apart(statement, source, missing):
    assert shown(statement, source) == missing


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("One of the three devices failed", "A single one of three devices failed"),
        ("1 of the 3 devices", "one of the three devices"),
        ("one of the two models wins", "Of two models the quantum model wins"),
        ("a second-order scheme", "accurate to second order"),
        ("a 4th-order scheme", "fourth-order schemes"),
        ("a fourth-order scheme", "second- and fourth-order schemes"),
        ("a third-order term", "terms of order three"),
        ("a gain with p < 0.05", "a gain with P values below 0.05"),
        ("a gain with p < 0.05", r"a gain ($p\le0.05$)"),
        ("at most 90% of the runs", "no more than 90% of the runs"),
        ("up to 90% of the runs", "a rate of 90%"),
        ("at least 90% of the runs", "90% or more of the runs"),
        ("more than 90% of the runs", "over 90% of the runs"),
        ("more than 90% of the runs", "the rate exceeds 90%"),
        ("it does not exceed 5 K", "at most 5 K"),
        ("it drifts by less than 5 nm within 14 days", "Over 14 days it drifts by at most 5 nm"),
        ("90% of the runs", "more than 90% of the runs"),
        ("below 10 K but above 5 K", "between 5 and 10 K"),
        ("The change is −0.3 dB", "a change of -0.3 dB"),
        ("The change is -0.3 dB", "a change of minus 0.3 dB"),
        ("a loss of 0.3 dB", "The change is -0.3 dB"),
        ("a change of -5%", "it is reduced by 5%"),
        ("from 5 to 10 nm", "lengths of 5 -10 nm"),
        ("3 of them fail", "few models—3 of them—fail"),
        ("a gain of 5 percentage points", "a gain of 5 pp"),
        ("a gain of 5.2 percentage points", "it gains 5.2 points"),
        ("a gain of 5 percentage points", "an absolute gain of 5%"),
        ("5 mg/kg", "5 mg per kg"),
        ("5 mg/kg", r"5 mg kg$^{-1}$"),
        ("5 mg per kilogram", "5 mg/kg/day"),
        ("67.4 km/s/Mpc", r"$67.4$ km s$^{-1}$ Mpc$^{-1}$"),
        ("a field of 3 T", "a 3T scanner"),
        ("30 wt% of salt", "30% by weight"),
        ("30 wt% of salt", "30 wt.% of salt"),
        ("30% of salt", "30 wt% of salt"),
        ("an order of magnitude faster", "one order of magnitude faster"),
        ("an order of magnitude faster", "ten times faster"),
        ("two orders of magnitude faster", "by a factor of 100"),
        ("a hundred times faster", "two orders of magnitude faster"),
        ("type II errors", "type 2 errors"),
        ("type-II and type-III bursts", "bursts of types II and III"),
        ("type Ia supernovae", "SNe Ia"),
        ("a phase II trial", "a phase IIb trial"),
    ],
)
def test_missing_figures_knows_near_ones_in_other_words(statement, source):
    assert shown(statement, source) == []


def test_missing_figures_looks_into_all_sources():
    assert missing_figures("from 3 to 5", ["3 layers", "5 layers"]) == []


def test_conflicting_figures_names_the_other_number_of_the_same_quantity():
    source = "reached 99.16% training accuracy and 91.47% validation accuracy"
    assert conflicting_figures("It reached 91.74% validation accuracy", source) == [("91.74%", "91.47%")]


def test_conflicting_figures_needs_the_same_quantity():
    assert conflicting_figures("It was trained for 12 hours", "It has 14 layers") == []
