"""What a form sends, read field by field; what cannot be read is refused where it stands."""

from collections.abc import Collection, Sequence
from datetime import date

from flask import request

from kernel.errors import Invalid
from kernel.money import Money

TEXT_MAX = 4_000
LIST_MAX = 500


def text(name: str, *, max: int = TEXT_MAX) -> str:  # noqa: A002 - the reader knows this name
    """Return a text, without the blanks around it; empty when it was not sent."""
    found = request.form.get(name, "").strip()
    if len(found) > max or not _printable(found):
        raise Invalid(f"至多 {max} 字", f"at most {max} characters", pointer=f"/{name}")
    return found


def number(name: str) -> int:
    """Return a whole number. Raises Invalid, with a pointer."""
    found = text(name, max=18)
    if not found.isascii() or not found.removeprefix("-").isdigit():
        raise Invalid("请填写整数", "a whole number is needed", pointer=f"/{name}")
    return int(found)


def day(name: str) -> date:
    """Return a day. Raises Invalid, with a pointer."""
    try:
        return date.fromisoformat(text(name, max=10))
    except ValueError as error:
        raise Invalid("请填写日期", "a date is needed", pointer=f"/{name}") from error


def money(name: str) -> Money:
    """Return an amount in yuan, "12,800.00". Raises Invalid, with a pointer."""
    yuan, _, rest = text(name, max=20).replace(",", "").partition(".")
    figures = yuan.isascii() and yuan.isdigit() and (rest + "0").isascii()
    if not (figures and len(rest) <= 2 and (rest.isdigit() or not rest)):
        raise Invalid("请填写金额，如 12800.00", "an amount such as 12800.00", pointer=f"/{name}")
    return Money(int(yuan) * 100 + int(rest.ljust(2, "0")))


def choice(name: str, known: Collection[str]) -> str:
    """Return one of the known codes. Raises Invalid, with a pointer."""
    found = text(name, max=60)
    if found not in known:
        raise Invalid("请从列表中选择", "choose one of the list", pointer=f"/{name}")
    return found


def decimal(name: str, *, places: int) -> int:
    """Return a number that is not negative, in units of its last place. Raises Invalid."""
    whole, _, rest = text(name, max=30).replace(",", "").partition(".")
    written = (whole + rest).isascii() and whole.isdigit() and (rest + "0").isdigit()
    if not (written and len(rest) <= places):
        zh, en = f"请填写数字，至多 {places} 位小数", f"a number with at most {places} decimals"
        raise Invalid(zh, en, pointer=f"/{name}")
    return int(whole + rest.ljust(places, "0"))


def points(name: str) -> int:
    """Return a score of 0 to 100 points in hundredths: "78.5" is 7850."""
    return money(name).minor


def many(name: str) -> list[str]:
    """Return everything that was ticked under one name."""
    found = [value.strip() for value in request.form.getlist(name)]
    return _bounded(name, [value for value in found if value])


def lines(name: str) -> list[str]:
    """Return the lines of a text that are not empty."""
    found = text(name).splitlines()
    return _bounded(name, [line.strip() for line in found if line.strip()])


def _bounded(name: str, found: Sequence[str]) -> list[str]:
    if len(found) > LIST_MAX:
        raise Invalid(f"至多 {LIST_MAX} 项", f"at most {LIST_MAX} entries", pointer=f"/{name}")
    return list(found)


def _printable(found: str) -> bool:
    return all(ord(c) >= 32 or c in "\r\n\t" for c in found)
