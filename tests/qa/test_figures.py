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


def test_missing_figures_looks_into_all_sources():
    assert missing_figures("from 3 to 5", ["3 layers", "5 layers"]) == []


def test_conflicting_figures_names_the_other_number_of_the_same_quantity():
    source = "reached 99.16% training accuracy and 91.47% validation accuracy"
    assert conflicting_figures("It reached 91.74% validation accuracy", source) == [("91.74%", "91.47%")]


def test_conflicting_figures_needs_the_same_quantity():
    assert conflicting_figures("It was trained for 12 hours", "It has 14 layers") == []
