"""What the exchange charges besides the price: listing, registration, assessment, delivery.

The rules and the charges are settlement's; here is what only the market knows: whose product
it is, on which boards it stands, and which sale the exchange brought about (quotation, auction).
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from catalogue import registrations
from kernel.journal import Event
from kernel.work import Work
from licensing import scenarios
from licensing.assessing.rows import Assessment
from marketplace import boards, lines, products
from marketplace.bargaining.agreed_prices import AgreedPrice, Source
from marketplace.products import Product
from settlement.dividing.charges import FeeCharge
from settlement.dividing.fee_rules import Kind
from settlement.fees import occasions
from settlement.fees.occasions import Listed

_PAGE: Final = 200
_MEDIATED: Final = frozenset({Kind.BROKER})


def listed(work: Work, event: Event) -> list[FeeCharge]:
    """After "product.listed": charge its merchant for the listing and the certificate."""
    return _listed(work, products.find(work.session, event.subject))


def charge_year(work: Work, *, limit: int) -> int:
    """Charge this year's listing of products that stand listed, where rules charge it by the year.

    Returns how many fees were charged, `limit` or one more at most. Two SELECTs when no rule
    does; else a few statements a product.
    """
    if not occasions.yearly(work):
        return 0
    done, after = 0, ""
    while done < limit and (page := _standing(work, after)):
        for product in page:
            done += len(_listed(work, product))
            after = product.id
            if done >= limit:
                break
    return done


def registered(work: Work, event: Event) -> FeeCharge | None:
    """After "registration.registered": charge who had the data resource registered."""
    found = registrations.find(work.session, event.subject)
    return occasions.once(work.as_system(), Kind.REGISTRATION, found.id, found.department_id)


def assessed(work: Work, event: Event) -> FeeCharge | None:
    """After "assessment.concluded": charge who applied for what was assessed."""
    assessment = work.session.get_one(Assessment, event.subject)
    applicant = scenarios.find(work.session, assessment.scenario_id).applicant_id
    return occasions.once(work.as_system(), Kind.ASSESSMENT, assessment.id, applicant)


def accepted(work: Work, event: Event) -> list[FeeCharge]:
    """After "escrow.accepted": charge the delivery, and the mediation of what was mediated.

    Two SELECTs when no rule asks for a fee.
    """
    kinds = occasions.asked_for(work)
    if not kinds:
        return []
    if kinds & _MEDIATED and not _mediated(work, event.subject):
        kinds -= _MEDIATED
    found = lines.of(work.session, event.subject)
    on = {line.id: _boards(work, line.product_id) for line in found}
    return occasions.accepted(
        work.as_system(), event.subject, kinds, lambda line_id: on.get(line_id, ())
    )


def _listed(work: Work, product: Product) -> list[FeeCharge]:
    on = _boards(work, product.id)
    told = Listed(product.id, product.current_version_id, product.owner_id, on)
    return occasions.listed(work.as_system(), told)


def _standing(work: Work, after: str) -> Sequence[Product]:
    statement = (
        select(Product)
        .where(Product.state == products.State.LISTED, Product.id > after)
        .order_by(Product.id)
        .limit(_PAGE)
    )
    return work.session.scalars(statement).all()


def _boards(work: Work, product_id: str) -> tuple[str, ...]:
    return tuple(board.id for board in boards.of(work.session, product_id))


def _mediated(work: Work, order_id: str) -> bool:
    # What a framework fixed was brought about once, when it was signed.
    statement = (
        select(AgreedPrice.id)
        .where(AgreedPrice.order_id == order_id, AgreedPrice.source != Source.FRAMEWORK)
        .limit(1)
    )
    return work.session.scalars(statement).first() is not None
