"""Figures for people: amounts in the units of the language, bands, prices."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Flask
from markupsafe import Markup

from app import languages
from kernel.money import Money, half_up
from marketplace import prices
from marketplace.counting import bands
from marketplace.plans import wording

_YI: Final = 10_000_000_000  # 100 million yuan, in fen
_WAN: Final = 1_000_000  # 10 thousand yuan, in fen


def init_app(app: Flask) -> None:
    """Give the templates their figures."""
    app.jinja_env.filters.update(
        rounded=rounded,
        band=band,
        bp=bp,
        points=points,
        price=price,
        unit_price=unit_price,
        yuan_e6=yuan_e6,
    )


def rounded(value: Money) -> Markup:
    """Write an amount for a headline: 12.04 亿元, ¥1.20bn; small ones to the fen."""
    number, unit = _parts(value.minor)
    whole = Markup('{}<span class="unit">{}</span>').format(number, unit)
    return whole if languages.current() == "zh" else Markup("¥") + whole


def band(value: Money) -> str:
    """Write the band of an amount, for trades that are shown to everybody."""
    zh = languages.current() == "zh"
    low, high = bands.of(value.minor)
    if high is None:
        return "1000 万元以上" if zh else "over ¥10m"
    if low == 0:
        return "1 万元以下" if zh else "under ¥10k"
    near, far = low // _WAN, high // _WAN
    return f"{near}—{far} 万元" if zh else f"{_short(near)}–{_short(far)}"


def round_amount(minor: int) -> str:
    """Write a round number of fen for a line of a drawing: 4,000 万, 1.2 亿, ¥40m."""
    zh = languages.current() == "zh"
    sizes = (
        ((_YI, " 亿"), (_WAN, " 万"), (100, " 元"))
        if zh
        else ((_YI * 10, "bn"), (_WAN * 100, "m"), (100_000, "k"), (100, ""))
    )
    size, unit = next(each for each in sizes if minor >= each[0] or each[0] == 100)
    whole, rest = divmod(half_up(minor * 10, size), 10)
    number = f"{whole:,}.{rest}{unit}" if rest else f"{whole:,}{unit}"
    return number if zh else f"¥{number}"


def bp(value: int | None) -> str:
    """Write basis points as a percentage; a dash for none."""
    return "—" if value is None else f"{value // 100}.{value % 100:02}%"


def yuan_e6(e6: int) -> str:
    """Write a unit price of 10⁻⁶ fen in yuan, with as many decimals as it has, two at least."""
    whole, rest = divmod(e6, 100_000_000)
    decimals = f"{rest:08}".rstrip("0").ljust(2, "0")
    return f"{whole:,}.{decimals}"


def points(hundredths: int | None) -> str:
    """Write a score as people do: 7870 is 78.70; a dash for none."""
    return "—" if hundredths is None else f"{hundredths // 100}.{hundredths % 100:02}"


def price(written: Mapping[str, Any]) -> str:
    """Write what a product costs in one line: "¥ 9,800.00 / 年", "¥ 0.05 / 次", "免费"."""
    return languages.said(wording.line(prices.parse(written)))


def unit_price(e6: int) -> str:
    """Write 10⁻⁶ fen as yuan, as exactly as it is: 5,000,000 is "0.05"."""
    yuan, rest = divmod(e6, 100_000_000)
    decimals = f"{rest:08}".rstrip("0").ljust(2, "0")
    return f"{yuan:,}.{decimals}"


def _parts(minor: int) -> tuple[str, str]:
    zh = languages.current() == "zh"
    if not zh:
        for size, unit in ((_YI * 10, "bn"), (_WAN * 100, "m"), (100_000, "k")):
            if minor >= size:
                return _decimal(minor, size), unit
        return _decimal(minor, 100), ""
    for size, unit in ((_YI, " 亿元"), (_WAN, " 万元")):
        if minor >= size:
            return _decimal(minor, size), unit
    return _decimal(minor, 100), " 元"


def _decimal(minor: int, size: int) -> str:
    hundredths = half_up(minor * 100, size)
    return f"{hundredths // 100:,}.{hundredths % 100:02}"


def _short(wan: int) -> str:
    return f"¥{wan // 100}m" if wan >= 100 else f"¥{wan * 10}k"
