"""A model's output becomes a Draft, or a named reason. Outputs here have the shapes that models give."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.statements import MalformedOutput, parse_output

ANSWER = {
    "verdict": "partial",
    "gap": "No preprint gives qubit counts.",
    "sections": [
        {
            "heading": None,
            "statements": [
                {
                    "text": "The models reached an AUROC of 0.70–0.74 {on X-rays}.",
                    "sources": [1],
                    "bullet": False,
                },
                {
                    "text": 'They converged "slower" than $f(x) = \\frac{1}{2}$ predicts.',
                    "sources": [2, 1],
                    "bullet": True,
                },
            ],
        },
        {
            "heading": "Hardware:",
            "statements": [{"text": "Hardware is scarce.", "sources": [3], "bullet": False}],
        },
    ],
    "limits": "Nothing is said about cost.",
    "follow_ups": ["How many qubits does a quantum diffusion model need?"],
}
OUTPUT = json.dumps(ANSWER)
SIMPLE = {"text": "Hardware is scarce.", "sources": [1], "bullet": False}


def changed(**fields) -> str:
    return json.dumps(ANSWER | fields)


def with_statement(**fields) -> str:
    return changed(sections=[{"heading": None, "statements": [SIMPLE | fields]}])


def only_statement(output: str, *, source_count: int = 8):
    return parse_output(output, source_count=source_count).statements[0]


def reason_for(output: str) -> str:
    with pytest.raises(MalformedOutput) as caught:
        parse_output(output, source_count=8)
    return caught.value.reason


@pytest.mark.parametrize(
    "output",
    [
        OUTPUT,
        f"```json\n{OUTPUT}\n```",
        f"Here is {{the answer}}:\n\n{OUTPUT}\n\nI hope this helps!",
        f'<think>Perhaps {{"verdict": "answered"</think>\n{OUTPUT}',
        json.dumps(ANSWER, indent=2),
    ],
    ids=["bare", "fenced", "in prose", "after reasoning", "indented"],
)
def test_parse_output_finds_the_answer_wherever_it_stands(output):
    draft = parse_output(output, source_count=3)
    assert draft.verdict == "partial"
    assert draft.gap == "No preprint gives qubit counts."
    assert [section.heading for section in draft.sections] == [None, "Hardware"]
    assert [statement.sources for statement in draft.statements] == [(1,), (2, 1), (3,)]
    assert [statement.is_bullet for statement in draft.statements] == [False, True, False]
    assert draft.follow_ups == ["How many qubits does a quantum diffusion model need?"]
    assert draft.problems == []


@pytest.mark.parametrize(
    "wrapped", ["{}", "```json\n{}\n```", "Sure, {{here}} it is: {}", "<think>{{a</think>{}"]
)
def test_parse_output_accepts_no_output_that_is_cut(wrapped):
    output = wrapped.format(OUTPUT)
    for position in range(output.rindex("}")):
        with pytest.raises(MalformedOutput):
            parse_output(output[:position], source_count=8)


@given(st.data())
def test_parse_output_accepts_no_cut_of_any_answer(data):
    text = st.text(min_size=1, max_size=40).filter(str.strip)
    statement = st.fixed_dictionaries({"text": text, "sources": st.lists(st.integers(1, 8), max_size=3)})
    section = st.fixed_dictionaries(
        {"heading": st.none() | text, "statements": st.lists(statement, min_size=1, max_size=3)}
    )
    answer = {
        "verdict": "answered",
        "sections": data.draw(st.lists(section, min_size=1, max_size=3)),
        "limits": data.draw(text),
    }
    output = json.dumps(answer, ensure_ascii=data.draw(st.booleans()))
    with pytest.raises(MalformedOutput):
        parse_output(output[: data.draw(st.integers(0, len(output) - 1))], source_count=8)


@given(st.text(max_size=300))
def test_parse_output_names_a_reason_for_any_text(text):
    with pytest.raises(MalformedOutput) as caught:
        parse_output(text, source_count=8)
    assert caught.value.reason


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("I can't answer that.", "no JSON object"),
        ("", "no JSON object"),
        (f"{OUTPUT}\n{OUTPUT}", "several answers"),
        (OUTPUT[:-1], "cut at character"),
        ('<think>so {"verdict": "answered", "sections": []}', "inside the model's reasoning"),
        (changed(verdict="yes"), "verdict must be one of"),
        (changed(sections="none"), "sections must be a list"),
        (changed(sections=[]), "there is no statement"),
        (changed(gap=""), "must say in gap what stays open"),
        (changed(verdict="answered"), "must have the verdict partial"),
        (changed(confidence=0.9), "an unknown key"),
        ('{"verdict": "answered"}', "lacks sections"),
        ('{"verdict": "answered", "verdict": "partial", "sections": []}', "stands twice"),
        ('{"verdict": "answered", "sections": [], "limits": NaN}', "NaN"),
        (with_statement(text=""), "text is empty"),
        (with_statement(text=7), "text must be a string"),
        (with_statement(text="x" * 1501), "longer than 1500"),
        (with_statement(text="a\u0000b"), "U+0000"),
        (with_statement(sources="1"), "sources must be a list"),
        (with_statement(sources=["1"]), "whole numbers"),
        (with_statement(sources=[True]), "whole numbers"),
        (with_statement(sources=[1.5]), "whole numbers"),
        (with_statement(bullet="no"), "true or false"),
        (changed(sections=[{"heading": None, "statements": [SIMPLE] * 41}]), "more than 40"),
        ('{"verdict": ' + "[" * 50_000, "cannot be read"),
        ("x" * 60_001, "longer than 60000"),
    ],
)  # fmt: skip
def test_parse_output_names_what_is_malformed(output, reason):
    assert reason in reason_for(output)


def test_parse_output_names_a_key_to_the_model_and_not_to_the_asker():
    with pytest.raises(MalformedOutput) as caught:
        parse_output(changed(**{"BUY at evil.example now": 1}), source_count=8)
    assert caught.value.reason == "the answer has an unknown key"
    assert "BUY at evil.example now" in str(caught.value)


def test_parse_output_measures_a_text_as_it_will_be_kept():
    heading = "\u0958" * 150  # each becomes two characters
    with pytest.raises(MalformedOutput, match="a heading is longer than 200 characters"):
        parse_output(changed(sections=[{"heading": heading, "statements": []}]), source_count=8)
    assert parse_output(changed(limits="\u200b" * 1_500 + "Cost is open."), source_count=8).limits


def test_parse_output_keeps_unknown_source_numbers_apart():
    statement = only_statement(with_statement(sources=[2, 9, 0, 2, -1]), source_count=8)
    assert statement.sources == (2,)
    assert statement.invalid_sources == (9, 0, -1)


@given(st.lists(st.integers(-5, 200), max_size=10), st.integers(1, 8))
def test_parse_output_never_takes_a_source_that_does_not_exist(numbers, source_count):
    statement = only_statement(with_statement(sources=numbers), source_count=source_count)
    assert all(1 <= number <= source_count for number in statement.sources)
    assert set(statement.sources) | set(statement.invalid_sources) == set(numbers)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("The gain is 58% [1].", "The gain is 58%."),
        ("The gain is 58% [1, 3]", "The gain is 58%"),
        ("The gain is 58%. (Source 1)", "The gain is 58%."),
        ("- The gain is 58%.", "The gain is 58%."),
        ("The\u200b gain\n is 58%.", "The gain is 58%."),
        ("The gain is 58% 【1†source】.", "The gain is 58%."),
        ("The gain is 58%. [^3]", "The gain is 58%."),
        ("The gain is 58% (1, 3).", "The gain is 58%."),
        ("The gain is 58%$^{[1]}$.", "The gain is 58%."),
        ("The interval is [0, 1].", "The interval is [0, 1]."),
        ("Sizes were [64, 128].", "Sizes were [64, 128]."),
    ],
)
def test_parse_output_takes_off_harmless_echoes(text, left):
    statement = only_statement(with_statement(text=text, sources=[1, 3]))
    assert statement.text == left
    assert statement.problems == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("The gain [2] is 58%.", "source marker"),
        ("The gain is 58% [7].", "source marker"),
        ("The gain is 58% [AG-2024.01-1576].", "identifier"),
        ("The gain is 58% (arXiv:2401.07049).", "identifier"),
        ("See doi 10.1038/s41586-019-1666-5.", "identifier"),
        ("Read [more](http://evil.example/x).", "link"),
        ("Read https://evil.example/x.", "link"),
        ("Read more at www.evil.example", "link"),
        ("Visit evil.com/win today.", "link"),
        ("Visit EvilShop.ai/win today.", "link"),
        ("Visit shop.EvilShop.ai today.", "link"),
        ("![a](data:image/png;base64,x)", "image"),
        ("Write to me@evil.example now.", "e-mail address"),
        ("A <b>bold</b> claim.", "HTML"),
        ("A claim <script>alert(1)</script>.", "HTML"),
        ("A claim <img src=x onerror=alert(1)>", "HTML"),
        ("### A heading", "block Markdown"),
        ("```python\nprint()\n```", "block Markdown"),
        ("First line\n## Heading\nmore", "block Markdown"),
    ],
)
def test_parse_output_names_what_a_statement_must_not_hold(text, problem):
    assert problem in only_statement(with_statement(text=text, sources=[1])).problems


def test_parse_output_takes_a_name_for_no_link():
    text = "It reaches 0.8568 mIoU on LandCover.ai, and 71.82% on OpenEarthMap by DeepWorld.io."
    assert only_statement(with_statement(text=text, sources=[1])).problems == ()


@pytest.mark.parametrize(
    "marker",
    [
        *(
            "【2】",
            "【2†source】",
            "【4:2†source】",
            "[2†L1-L9]",
            "[^2]",
            "^[2]",
            "[[2]]",
            "[ 2 ]",
            "[Source: 2]",
        ),
        *(
            "[src 2]",
            "[Src. #2]",
            "(source: 2)",
            "{source 2}",
            "[Ref 2]",
            "[reference 2]",
            "[#2]",
            "(#2)",
            "[doc 2]",
        ),
        *(
            "{2}",
            "²",
            "²,³",
            "¹⁻³",
            "$^{[2]}$",
            "$^{2}$",
            "$^2$",
            "$^{1,3}$",
            "^2^",
            "［2］",
            "〔2〕",
            "（2）",
            "⁽²⁾",
        ),
        *("\\cite{2}", "\\citep{b}", "[2, p. 4]", "[2, Table 1]", "[Source 0]", "[7][8]", "②"),
    ],
)
def test_parse_output_finds_source_markers_of_every_shape(marker):
    for text in (f"The gain of circuits {marker} is 58%.", f"The gain holds for circuits{marker}."):
        if marker == "②" and "gain of" in text:
            continue
        output = json.dumps(json.loads(with_statement(sources=[1])) | {"gap": "", "limits": ""})
        data = json.loads(output)
        data["sections"][0]["statements"][0] |= {"text": text, "sources": [1]}
        data |= {"verdict": "partial", "gap": text, "limits": text, "follow_ups": [text]}
        draft = parse_output(json.dumps(data), source_count=8)
        assert "source marker" in draft.statements[0].problems, text
        assert [f"the text under {key} holds a source marker" for key in ("gap", "limits")] == draft.problems
        assert draft.follow_ups == []


@pytest.mark.parametrize(
    "text",
    [
        "It needs (1) few labels, (2) no pretraining and (3) little memory.",
        "The energy follows Eq. (2).",
        "Symmetries of SU(2) and U(1) protect it.",
        "An area of 3 cm² at 10² K, with R² = 0.9 and χ² = 2, in H₂O.",
        "The field is 20 arcmin² wide, and the area is 40 pixels².",
        "An ultracold $^{87}$Rb gas and a superfluid $^3$He film were cooled.",
        "The rate grows as 10$^{2}$, R$^{2}$ and cm$^{-2}$, and as $n^{2}$.",
        "The set {1, 2}, the pair [0, 2] and x_{2} or 10^{2} stand for themselves.",
        "Tables [64, 128] and arrays [[1, 2], [3, 4]] are no markers.",
    ],
)
def test_parse_output_takes_no_enumeration_or_power_for_a_marker(text):
    assert only_statement(with_statement(text=text)).problems == ()


@pytest.mark.parametrize(
    "text",
    [
        "For p < 0.05 and n > 30 the effect holds.",
        "The value <x> grows, and <psi|H|psi> falls.",
        "Node.js, scikit-learn and U.S. hospitals, i.e. e.g. these, were used.",
        "The state $|\\psi\\rangle$ obeys $a<b>c$ and *matters* in `code`.",
        "[[7,1,3]] codes correct one error.",
    ],
)
def test_parse_output_finds_no_fault_in_plain_text(text):
    assert only_statement(with_statement(text=text)).problems == ()


@pytest.mark.parametrize(
    ("broken", "meant"),
    [
        (r"rate $\alpha = 0.3$", r"rate $\alpha = 0.3$"),
        (r"a $\frac{1}{2}$ of $\beta$", r"a $\frac{1}{2}$ of $\beta$"),
        (r"$10 \times 3 \neq \rho \theta$", r"$10 \times 3 \neq \rho \theta$"),
        (r"$\upsilon$ and \u00e9", "$\\upsilon$ and é"),
        (r"kept \\alpha and a \"quote\"", "kept \\alpha and a \"quote\""),
    ],
)  # fmt: skip
def test_parse_output_mends_tex_whose_backslashes_were_not_doubled(broken, meant):
    output = with_statement(text="TEXT").replace("TEXT", broken)
    assert only_statement(output).text == meant


def test_parse_output_leaves_out_follow_ups_with_markup():
    draft = parse_output(
        changed(follow_ups=["What is X?", "See http://a.example", "What is [1]?", "What is X?"]),
        source_count=8,
    )
    assert draft.follow_ups == ["What is X?"]


@pytest.mark.parametrize(
    "fields",
    [{"gap": "See https://evil.example."}, {"limits": "See [3]."}, {"limits": "<b>none</b>"}],
)
def test_parse_output_names_problems_outside_statements(fields):
    assert parse_output(changed(**fields), source_count=8).problems


@pytest.mark.parametrize("nothing", [None, "", "None.", "n/a"])
def test_parse_output_reads_a_lack_of_limits(nothing):
    assert parse_output(changed(limits=nothing), source_count=8).limits == ""


def test_parse_output_reads_an_abstention():
    draft = parse_output(
        '{"verdict": "unanswerable", "gap": "", "sections": [], "limits": "", "follow_ups": []}',
        source_count=8,
    )
    assert draft.verdict == "unanswerable"
    assert draft.statements == []
