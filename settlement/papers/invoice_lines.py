"""The lines of an invoice: what each is for, what it is without tax, and the tax.

Prices include tax, so a line begins with its gross; net and tax add up to it by construction,
and the tax is never further than one fen from the rate applied to the net.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import cn2an  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import CheckConstraint, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Base, Big, append_only
from kernel.errors import Invalid
from kernel.money import Money, half_up
from kernel.work import Work
from settlement import shares

LINES_MAX: Final = 100
"""The most lines of one invoice."""

QUANTITY_MAX: Final = 10**9

_E6: Final = 1_000_000


class Asked(NamedTuple):
    """One line as it is asked for. gross: with tax. spec: which product, in what form."""

    gross: Money
    spec: str = ""
    unit: str = ""
    quantity: int = 1


class InvoiceLine(Base):
    """One line. unit_price_e6: of one unit without tax, in millionths of a fen."""

    __tablename__ = "invoice_lines"
    __table_args__ = (
        CheckConstraint("gross_minor > 0 AND quantity > 0", name="something_is_sold"),
        CheckConstraint("net_minor + tax_minor = gross_minor", name="net_and_tax_make_the_gross"),
        CheckConstraint("net_minor >= 0 AND tax_minor >= 0", name="parts_not_negative"),
        CheckConstraint(
            "abs(net_minor * rate_bp - tax_minor * 10000) <= 10000", name="tax_within_one_fen"
        ),
        CheckConstraint("length(tax_code) = 19", name="tax_code_has_19_digits"),
    )

    invoice_id: Mapped[str] = mapped_column(ForeignKey("invoices.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    item_name: Mapped[str]
    tax_code: Mapped[str]
    spec: Mapped[str]
    unit: Mapped[str]
    quantity: Mapped[int] = mapped_column(Big)
    unit_price_e6: Mapped[int] = mapped_column(Big)
    rate_bp: Mapped[int]
    gross_minor: Mapped[int] = mapped_column(Big)
    net_minor: Mapped[int] = mapped_column(Big)
    tax_minor: Mapped[int] = mapped_column(Big)
    currency: Mapped[str]

    @property
    def net(self) -> Money:
        """What it is without tax (金额)."""
        return Money(self.net_minor, self.currency)

    @property
    def tax(self) -> Money:
        """The tax in it (税额)."""
        return Money(self.tax_minor, self.currency)


append_only(InvoiceLine.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def checked(total: Money, asked: Sequence[Asked]) -> Sequence[Asked]:
    """Return the lines that make up `total`; one for all of it when none were asked for.

    Raises Invalid unless there are at most `LINES_MAX`, all positive, which add up to it.
    """
    lines = asked or [Asked(total)]
    if len(lines) > LINES_MAX:
        raise Invalid(
            f"至多 {LINES_MAX} 行", f"an invoice has at most {LINES_MAX} lines", pointer="/lines"
        )
    if any(line.gross.minor <= 0 or not 0 < line.quantity <= QUANTITY_MAX for line in lines):
        raise Invalid(
            "每行的金额与数量须为正数",
            "every line needs a positive amount and quantity",
            pointer="/lines",
        )
    if sum((line.gross for line in lines), Money(0, total.currency)) != total:
        raise Invalid(
            "各行金额之和须等于开票金额", "the lines must add up to the amount", pointer="/lines"
        )
    return lines


def written(
    work: Work, invoice_id: str, about: str, asked: Sequence[Asked], *, rate_bp: int
) -> list[InvoiceLine]:
    """Return the rows of the lines, with item and tax code of what is sold, from the rules."""
    sold = work.rules.table(f"invoices.{about}")
    return [
        _row(sold, invoice_id, position, line, rate_bp=rate_bp)
        for position, line in enumerate(asked, 1)
    ]


def of(session: Session, invoice_id: str) -> list[InvoiceLine]:
    """Return the lines of an invoice in order, at most `LINES_MAX`. One SELECT by key."""
    statement = (
        select(InvoiceLine)
        .where(InvoiceLine.invoice_id == invoice_id)
        .order_by(InvoiceLine.position)
        .limit(LINES_MAX)
    )
    return list(session.scalars(statement))


def in_capitals(amount: Money) -> str:
    """Return the amount as it is written on vouchers (大写), of 0 to ten thousand billion yuan."""
    written: str = cn2an.an2cn(f"{amount.minor // 100}.{amount.minor % 100:02}", "rmb")
    return written


def _row(
    sold: Mapping[str, Any], invoice_id: str, position: int, line: Asked, *, rate_bp: int
) -> InvoiceLine:
    net, tax = shares.vat(line.gross, rate_bp)
    return InvoiceLine(
        invoice_id=invoice_id,
        position=position,
        item_name=sold["item"],
        tax_code=sold["tax_code"],
        spec=line.spec,
        unit=line.unit or sold["unit"],
        quantity=line.quantity,
        unit_price_e6=half_up(net.minor * _E6, line.quantity),
        rate_bp=rate_bp,
        gross_minor=line.gross.minor,
        net_minor=net.minor,
        tax_minor=tax.minor,
        currency=line.gross.currency,
    )
