"""The same question from many askers at once, each in an own hand: one page and one paid call."""

from concurrent.futures import ThreadPoolExecutor

from tests.faults.conftest import Site

ASKERS = 50
WORDS = "How do quantum diffusion models generate medical images from noise"


def write(number: int) -> str:
    """The question in one of fifty hands: case, spaces and punctuation differ."""
    text = [WORDS, WORDS.upper(), WORDS.lower(), WORDS.title(), WORDS.swapcase()][number % 5]
    space = [" ", "  ", "\t", " \n", "\u00a0"][number // 5 % 5]
    end = ["?", " ?", "??", "", " …", "?!", ".", "? ", "\u200b?", " ¿?"][number // 5]
    return f"{space}{text.replace(' ', space)}{end}"


def test_fifty_askers_at_once_make_one_page_and_one_paid_call(site: Site) -> None:
    texts = [write(number) for number in range(ASKERS)]
    assert len(set(texts)) == ASKERS

    with ThreadPoolExecutor(ASKERS) as pool:
        answers = list(pool.map(lambda text: site.post("/api/v1/questions/", {"text": text}), texts))

    statuses = [status for status, _, _ in answers]
    assert (statuses.count(202), statuses.count(200)) == (1, ASKERS - 1)
    slugs = {body["slug"] for _, _, body in answers}
    assert len(slugs) == 1
    site.wait_for_end(list(slugs))
    assert len(site.provider.calls) == 1
    assert len(site.runs(list(slugs))) == 1
    rows = site.query("SELECT count(*) AS n FROM qa_question WHERE text ILIKE %s", "how%do%quantum%medical%")
    assert rows[0]["n"] == 1

    again, _, body = site.post("/api/v1/questions/", {"text": write(7)})
    assert (again, body["duplicate"], {body["slug"]}) == (200, True, slugs)
    assert len(site.provider.calls) == 1
