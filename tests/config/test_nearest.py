"""The known word nearest to one that is not known."""

from likeness.config.nearest import SHOWN, nearest


def test_the_nearest_word_is_named_and_else_those_that_are_known() -> None:
    assert nearest("margn", ["margin", "distance"]) == "did you mean margin?"
    assert nearest("x", ["margin", "distance"]) == "known are distance, margin."


def test_of_very_many_words_the_first_are_named_and_the_rest_counted() -> None:
    words = [f"network{i:05d}" for i in range(1234 + SHOWN)]
    said = nearest("os.system", words)
    assert said.endswith(f"{words[SHOWN - 1]} and 1,234 more.")
