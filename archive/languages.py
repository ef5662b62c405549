"""Pure: whether a search is written in another language than the archive's, which is English.

By function words alone: a search is short, full of names and symbols, and often a title with a foreign word
in it. What is not surely foreign counts as English.
"""

import re

WORD = re.compile(r"[^\W\d_]+")
ENGLISH = frozenset(
    "the of and in to a is for on with by an as are from be at that which this or how what why when does do "  # noqa: SIM905
    "can it its not their than between into using via without under over".split()
)
FOREIGN = {
    "French": "le la les l un une des du de d et est sont dans pour par sur avec que qui quel quelle quels"
    " quelles comment pourquoi au aux ce cette ces il elle on peut ne pas plus sans entre",
    "German": "der die das den dem des ein eine einer eines einem und ist sind im von zu für mit auf wie was"
    " warum welche welcher welches bei nicht man kann sich aus durch werden wird zur zum",
    "Spanish": "el la los las un una de del y es son en para por con que cual como cómo qué se no al sobre",
    "Italian": "il lo la i gli le un una di del della dei e è sono in per con che come quale quali si non",
    "Portuguese": "o a os as um uma de do da dos das e é são em para por com que como qual se não no na",
}
WORDS = {name: frozenset(words.split()) for name, words in FOREIGN.items()}
FEWEST = 2  # function words, which must be a quarter of all words
SHARE = 0.25


def is_foreign(text: str) -> bool:
    """Whether most of its function words, or of its letters, are not English ones."""
    letters = [character for character in text if character.isalpha()]
    if sum(ord(character) > 0x24F for character in letters) * 2 > len(letters) + 6:  # beyond Latin script
        return True
    words = [word.lower() for word in WORD.findall(text)]
    english = sum(word in ENGLISH for word in words)
    foreign = max(sum(word in known for word in words) for known in WORDS.values())
    return foreign >= max(FEWEST, SHARE * len(words)) and foreign > 2 * english
