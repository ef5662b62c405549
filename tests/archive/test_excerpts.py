from archive.excerpts import best_passage


def test_the_sentence_with_the_rare_words_of_a_search_is_best() -> None:
    abstract = "We study results and show methods. Barren plateaus stop the training. We show results."
    passage = best_passage("Which results show that barren plateaus matter?", abstract)
    assert passage is not None
    assert passage.text == "Barren plateaus stop the training."
    assert abstract[passage.start : passage.end] == passage.text


def test_without_a_shared_word_the_first_sentence_stands() -> None:
    passage = best_passage("squeezed light", "One sentence. Another one.")
    assert passage is not None
    assert passage.text == "One sentence."


def test_words_are_matched_by_their_stems() -> None:
    passage = best_passage("training circuits", "Nothing here. A circuit is trained.")
    assert passage is not None
    assert passage.text == "A circuit is trained."


def test_no_text_has_no_passage() -> None:
    assert best_passage("squeezed light", "") is None
