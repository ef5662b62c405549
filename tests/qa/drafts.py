"""Free-text answers in a model's shape, and the sources that they cite, for the tests of checks and gate."""

import json
from typing import Any

from qa.checking import CheckSource

QUESTION = "How do quantum models compare with classical ones on chest X-rays?"

SOURCES = [
    CheckSource(
        1,
        "AG-2024.04-2402",
        "Hybrid Quantum Transfer Learning for Chest X-Ray Classification",
        "Earlier work kept to binary tasks, because quantum hardware is scarce and simulation is expensive. "
        "On large chest X-ray datasets with 8, 14 and 19 labels, the hybrid quantum models reached an "
        "average AUROC of "
        "0.70, 0.73 and 0.74. Classical models on the same tasks scored higher, with an average AUROC of "
        "0.77, 0.78 and "
        "0.80. The quantum models also showed slower convergence than the classical models during training.",
    ),
    CheckSource(
        2,
        "AG-2024.01-1989",
        "Brain Tumor Diagnosis Using Quantum Convolutional Neural Networks",
        "We build a quantum convolutional neural network for MRI scans. On a public dataset of brain "
        "tumours it reached "
        "99.16% training accuracy and 91.47\\% validation accuracy. The network has fewer parameters and a "
        "smaller circuit "
        "depth than ResNet-50, so that it suits near-term quantum hardware.",
    ),
    CheckSource(
        3,
        "AG-2024.01-1576",
        "Quantum Denoising Diffusion Models",
        "Two quantum diffusion models are compared with classical diffusion models on MNIST, Fashion MNIST "
        "and CIFAR-10. "
        "The quantum models outperformed classical models of similar size in FID, SSIM and PSNR. Sampling "
        "takes "
        "$2.5\\times10^{-3}$ s per image, about 1{,}000 times less than before.",
    ),
]

Claim = tuple[str, list[int]]

FIRST: list[Claim] = [
    (
        ("On large chest X-ray datasets the hybrid quantum models reached an average AUROC of 0.70–0.74, "
        "below the 0.77–0.80 of classical models."), [1]),
    ("The quantum models also converged more slowly than the classical models during training.", [1]),
]  # fmt: skip
SECOND: list[Claim] = [
    (
        ("On MNIST, Fashion MNIST and CIFAR-10 two quantum diffusion models outperformed classical models "
        "of similar size in FID, SSIM and PSNR."), [3]),
    (
        ("A quantum convolutional network reached 91.47% validation accuracy on a public dataset of brain "
        "tumours."), [2]),
    (
        ("It has fewer parameters and a smaller circuit depth than ResNet-50, which suits near-term quantum "
        "hardware."), [2]),
]  # fmt: skip


def model_output(
    *sections: list[Claim], verdict: str = "answered", headings: list[str | None] | None = None, **fields: Any
) -> str:
    """An output of a model that behaves: one JSON object in a fence."""
    named = headings or [None, "Other images", "Outlook", "More"]
    answer = {
        "verdict": verdict,
        "gap": "",
        "sections": [
            {"heading": heading, "statements": [statement(*claim) for claim in claims]}
            for heading, claims in zip(named, sections, strict=False)
        ],
        "limits": "",
        "follow_ups": [],
    }
    return f"```json\n{json.dumps(answer | fields, indent=1)}\n```"


def statement(text: str, numbers: list[int]) -> dict[str, Any]:
    """A statement in the schema."""
    return {"text": text, "sources": list(numbers), "bullet": False}
