"""Every human word of the domain, in the two languages in which it is said."""

from typing import Literal, NamedTuple, TypeAlias

Language: TypeAlias = Literal["zh", "en"]
"""The languages in which the system speaks: Chinese (zh-CN) and English."""


class Words(NamedTuple):
    """One thing said twice: a label, a title, a sentence."""

    zh: str
    en: str

    def said(self, language: Language) -> str:
        """Return the words in `language`."""
        return self.zh if language == "zh" else self.en
