"""The picture that previews show of an answered question: the question as a title page, 1200 by 630 pixels.

The same answer gives the same bytes. Noto Serif has Latin, Greek and Cyrillic; what it has not is
shown as an ellipsis.
"""

from functools import lru_cache
from io import BytesIO

import fontpkg_noto_serif
from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

from qa.metadata import CARD_HEIGHT, CARD_WIDTH

DESIGN = 1  # raise it with every change of the picture: pictures are kept by it
MARGIN = 80
PAPER, INK, QUIET, ACCENT = "#fbfaf7", "#1c1b19", "#5e5a52", "#7a1f2b"
SIZES = (72, 64, 56, 50, 44, 40, 36, 32)  # the largest at which the question fits is taken
LINE = 1.28
FOOT = 28
REGULAR = fontpkg_noto_serif.ROOT / "files" / "NotoSerif[wdth,wght].ttf"


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(REGULAR), size)


@lru_cache(maxsize=4096)
def _is_missing(character: str) -> bool:
    """Whether the font draws its box for "not there" instead of the character."""
    font = _font(32)
    return not character.isspace() and bytes(font.getmask(character)) == bytes(font.getmask("\U0010ffff"))


def _drawable(text: str) -> str:
    """The text with "…" for what the font can't draw."""
    kept = "".join("\0" if _is_missing(character) else character for character in text)
    words = [part for part in kept.replace("\0", " \0 ").split(" ") if part]
    shown: list[str] = []
    for word in words:
        if word != "\0":
            shown.append(word)
        elif not shown or shown[-1] != "…":
            shown.append("…")
    return " ".join(shown) or "…"


def _pieces(word: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """A word, cut where it is wider than a line."""
    pieces, piece = [], ""
    for character in word:
        if piece and font.getlength(piece + character) > width:
            pieces.append(piece)
            piece = ""
        piece += character
    return [*pieces, piece]


def _wrap(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        for piece in _pieces(word, font, width):
            if lines and font.getlength(f"{lines[-1]} {piece}") <= width:
                lines[-1] += f" {piece}"
            else:
                lines.append(piece)
    return lines


def lay_out(text: str) -> tuple[int, list[str]]:
    """The size of the letters and the lines; a text that fits at no size ends in "…"."""
    width, height = CARD_WIDTH - 2 * MARGIN, CARD_HEIGHT - 2 * MARGIN - 3 * FOOT
    for size in SIZES:
        lines = _wrap(text, _font(size), width)
        room = int(height / (size * LINE))
        if len(lines) <= room:
            return size, lines
    lines = lines[:room]
    while lines[-1] and _font(size).getlength(f"{lines[-1]}…") > width:
        lines[-1] = lines[-1][:-1]
    lines[-1] = f"{lines[-1].rstrip()}…"
    return size, lines


def draw_card(question: str, foot: str) -> bytes:
    """A PNG: the question, the name of the site, and a line under it."""
    image = Image.new("RGB", (CARD_WIDTH, CARD_HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, CARD_WIDTH, 12), fill=ACCENT)
    size, lines = lay_out(_drawable(question))
    for number, line in enumerate(lines):
        draw.text((MARGIN, MARGIN + number * size * LINE), line, font=_font(size), fill=INK)
    base = CARD_HEIGHT - MARGIN
    draw.text((MARGIN, base), settings.SITE_NAME, font=_font(FOOT), fill=ACCENT, anchor="ls")
    draw.text((CARD_WIDTH - MARGIN, base), _drawable(foot), font=_font(FOOT), fill=QUIET, anchor="rs")
    file = BytesIO()
    image.quantize(64).save(file, "PNG", optimize=True)
    return file.getvalue()
