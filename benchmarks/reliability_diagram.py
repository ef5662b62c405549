"""Pure: what was shown and what was judged relevant -> a reliability diagram as SVG, for light and dark."""

from dataclasses import dataclass

import numpy as np

WIDTH, HEIGHT = 560, 470
LEFT, TOP, SIDE = 62, 20, 390  # the square that is drawn in
STYLE = """
svg { color-scheme: light dark; font: 13px system-ui, sans-serif; }
text { fill: #333; } .grid { stroke: #ddd; stroke-width: 1; } .ideal { stroke: #888; stroke-dasharray: 5 5; }
.c0 { --c: #0b5fa5; } .c1 { --c: #b3520a; } .c2 { --c: #2d7a3a; } .c3 { --c: #7a3aa0; } .c4 { --c: #8a6d00; }
path { fill: none; stroke: var(--c); stroke-width: 2; } circle { fill: var(--c); }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd; } .grid { stroke: #444; } .ideal { stroke: #999; }
  .c0 { --c: #6db3f2; } .c1 { --c: #f0a35e; } .c2 { --c: #7fd08d; } .c3 { --c: #c79be6; }
  .c4 { --c: #d9c04a; }
}
"""


@dataclass(frozen=True)
class Curve:
    """One collection, or all: by tenth, the mean that was shown, the share judged relevant, and the pairs."""

    name: str
    error: float
    shown: np.ndarray
    relevant: np.ndarray
    pairs: np.ndarray


def draw(curves: list[Curve], *, fewest: int = 20) -> str:
    """The diagram; tenths with fewer than so many pairs are left out, since they would only jump."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        "<title>Similarity shown, and the share of pairs that people judged relevant</title>",
        f"<style>{STYLE}</style>",
        *grid(),
    ]
    for number, curve in enumerate(curves):
        parts += line(curve, number, fewest=fewest)
        height = TOP + 20 + 20 * number
        parts += [
            f'<g class="c{number}"><circle cx="{LEFT + 16}" cy="{height}" r="5"/></g>',
            f'<text x="{LEFT + 28}" y="{height + 5}">{curve.name}, error {curve.error:.3f}</text>',
        ]
    return "\n".join([*parts, "</svg>\n"])


def place(shown: float, relevant: float) -> tuple[float, float]:
    return LEFT + SIDE * shown, TOP + SIDE * (1 - relevant)


def grid() -> list[str]:
    """Lines at every fifth, their percentages, what the axes are, and the diagonal of a true percentage."""
    parts = []
    for step in range(6):
        share = step / 5
        x, y = place(share, share)
        parts += [
            f'<path class="grid" d="M{x:.0f} {TOP}V{TOP + SIDE}M{LEFT} {y:.0f}H{LEFT + SIDE}"/>',
            f'<text x="{x:.0f}" y="{TOP + SIDE + 20}" text-anchor="middle">{share:.0%}</text>',
            f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{share:.0%}</text>',
        ]
    across, down = LEFT + SIDE / 2, TOP + SIDE / 2
    return [
        *parts,
        f'<path class="ideal" d="M{LEFT} {TOP + SIDE}L{LEFT + SIDE} {TOP}"/>',
        f'<text x="{across:.0f}" y="{TOP + SIDE + 44}" text-anchor="middle">similarity shown</text>',
        f'<text transform="translate(14 {down:.0f}) rotate(-90)" text-anchor="middle">judged relevant</text>',
    ]


def line(curve: Curve, number: int, *, fewest: int) -> list[str]:
    """A curve's points, each as large as the pairs it stands for, and what joins them."""
    kept = curve.pairs >= fewest
    points = [place(*pair) for pair in zip(curve.shown[kept], curve.relevant[kept], strict=True)]
    radii = 2.5 + 1.2 * np.log10(curve.pairs[kept])
    way = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    dots = [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'
        for (x, y), radius in zip(points, radii, strict=True)
    ]
    return [f'<g class="c{number}"><path d="M{way}"/>', *dots, "</g>"]
