"""The words that models are given: fenced, versioned, and never changed under the same name."""

import json

import pytest

from qa.prompts import FOLDER, UnknownPrompt, own_prompt, prompt_names, read_prompt


def test_no_version_ever_changes() -> None:
    """A change of words is a new folder with a digest of its own: answers name the version that made them."""
    recorded = json.loads((FOLDER / "digests.json").read_text())
    assert {name: read_prompt(name).digest for name in prompt_names()} == recorded


def test_version_that_is_recorded_proves_its_words() -> None:
    prompt = read_prompt("v1")
    assert prompt.version == f"v1-{prompt.digest[:8]}"
    assert len(prompt.version) <= 32
    assert own_prompt().name in prompt_names()


def test_site_writes_with_the_version_that_is_set(settings) -> None:
    settings.PROMPT_VERSION = "v0"
    with pytest.raises(UnknownPrompt, match="there are v1"):
        own_prompt()


@pytest.mark.parametrize("name", ["../v1", "v1/../v1", "", "V1"])
def test_name_of_a_version_is_no_path(name: str) -> None:
    with pytest.raises(UnknownPrompt):
        read_prompt(name)


@pytest.mark.parametrize("name", prompt_names())
def test_every_version_says_what_must_be_said(name: str) -> None:
    prompt = read_prompt(name)
    assert "{fence}" in prompt.instructions
    assert "{reason}" in prompt.repair
    for words in ('"answered"', '"partial"', '"unanswerable"', "written by strangers", "no links"):
        assert words in prompt.instructions
