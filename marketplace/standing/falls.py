"""What becomes of products with the authorisation behind them: they fall, come back, move on.

Source: products based on a right that has expired are taken down unless it was renewed.
What was listed under it then moves to the right that follows on it, if it fits that one's
scope; what does not fit stays down, and its merchant is told why.
"""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.errors import Refusal
from kernel.work import Work
from licensing import authorisations
from licensing.authorisations import Authorisation
from marketplace import listing, products, versions
from marketplace.products import LIFE, Product, State
from marketplace.versions import Content, ProductVersion

_BATCH: Final = 200
_REASON_MAX: Final = 500


def suspend_for(work: Work, authorisation_id: str) -> None:
    """Suspend what is listed under an authorisation that is no longer in force.

    In the transaction in which the authorisation falls: nothing is ordered under it any
    more (I-33). One SELECT for each 200 products.
    """
    statement = (
        select(Product)
        .join(ProductVersion, ProductVersion.id == Product.current_version_id)
        .where(Product.state == State.LISTED, ProductVersion.authorisation_id == authorisation_id)
        .order_by(Product.id)
        .limit(_BATCH)
    )
    reason = f"授权失效 authorisation {authorisation_id} is not in force"
    told = {"reason": reason, "authorisation_id": authorisation_id}
    while found := list(work.session.scalars(statement)):
        for product in found:
            LIFE.take("suspend", product, work.as_system(), **told)


def resume_for(work: Work, authorisation_id: str) -> None:
    """Bring back what went down with an authorisation, unless something else bars it."""
    after = ""
    while found := _gone_with(work.session, authorisation_id, after):
        for product in found:
            _come_back(work, product)
        after = found[-1].id


def hand_over(work: Work, authorisation_id: str) -> None:
    """Move what went down with a superseded authorisation to the one that follows on it.

    Nothing happens before that one is in force: then `take_over` does it.
    """
    before = authorisations.find(work.session, authorisation_id)
    heir = authorisations.heir_of(work.session, before.id)
    if heir is not None:
        _move_all(work, before, heir)


def take_over(work: Work, authorisation_id: str) -> None:
    """Move to an authorisation that has come into force what its forerunner bore.

    Nothing happens for a first one, nor while the forerunner still runs: then `hand_over`
    does it. A second time finds nothing to move.
    """
    heir = authorisations.find(work.session, authorisation_id)
    if heir.supersedes_id is not None:
        _move_all(work, authorisations.find(work.session, heir.supersedes_id), heir)


def _move_all(work: Work, before: Authorisation, heir: Authorisation) -> None:
    over = before.state == authorisations.State.SUPERSEDED
    if not over or heir.state not in authorisations.RUNNING:
        return
    after = ""
    while found := _gone_with(work.session, before.id, after):
        for product in found:
            _move(work.as_system(), product, heir)
        after = found[-1].id


def _move(work: Work, product: Product, heir: Authorisation) -> None:
    now = versions.find(work.session, product.current_version_id)
    said: Content = {
        **versions.content(now),
        "authorisation_id": heir.id,
        "scenario_id": heir.scenario_id,
    }
    draft = ProductVersion(product_id=product.id, **said)
    misfits = listing.refusals(draft, product.owner_id, work)
    if misfits:
        LIFE.take("leave_behind", product, work, **_told(heir, misfits))
        return
    number = versions.following(work.session, product.id)
    made = versions.write(work, product.id, number, said)
    told = {"authorisation_id": heir.id, "version": made.digest, "number": made.number}
    LIFE.take("inherit", product, work, **told)
    products.offer(work, product, made)
    _come_back(work, product)


def _told(heir: Authorisation, misfits: tuple[Refusal, ...]) -> dict[str, Any]:
    each = [{"code": one.code, "zh": one.zh, "en": one.en} for one in misfits]
    said = "；".join(f"{one.zh} {one.en}" for one in misfits)
    return {"reason": said[:_REASON_MAX], "authorisation_id": heir.id, "misfits": each}


def _come_back(work: Work, product: Product) -> None:
    if not LIFE.refusals("come_back", product, work.as_system()):
        LIFE.take("come_back", product, work.as_system())


def _gone_with(session: Session, authorisation_id: str, after: str) -> list[Product]:
    statement = (
        select(Product)
        .where(Product.suspended_with == authorisation_id, Product.id > after)
        .order_by(Product.id)
        .limit(_BATCH)
    )
    return list(session.scalars(statement))
