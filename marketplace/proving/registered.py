"""Under which registration codes (登记编码) the data behind an asset is registered."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalogue.register import HOLDS, Registration
from catalogue.versions import Directory
from licensing import authorisations
from settlement.assets import cards
from settlement.assets.cards import AssetCard

CODES_MAX = 200
"""The most registrations of one asset."""


def of(session: Session, card: AssetCard) -> list[tuple[str, Registration]]:
    """Return (directory code, registration) of what the card's authorisation opens, by code.

    Only what holds now. Nothing for an asset without an authorisation. Some SELECTs.
    """
    right_id = cards.version(session, card).authorisation_id
    if right_id is None:
        return []
    scope = authorisations.scope_of(session, authorisations.find(session, right_id))
    codes = sorted({directory for directory, _item in scope.items})
    statement = (
        select(Directory.code, Registration)
        .join(Registration, Registration.directory_id == Directory.id)
        .where(Directory.code.in_(codes), Registration.state.in_(HOLDS))
        .order_by(Directory.code)
        .limit(CODES_MAX)
    )
    return [(code, found) for code, found in session.execute(statement)]
