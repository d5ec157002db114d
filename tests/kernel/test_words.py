from kernel.words import Words


def test_words_are_said_in_the_language_asked_for() -> None:
    words = Words("上架", "list")

    assert words.said("zh") == "上架"
    assert words.said("en") == "list"
