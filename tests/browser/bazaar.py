"""A market in which everything that is done beside and after an order waits or is over."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from delivery.locations import locations
from delivery.locations.roots import Root, RootKind
from delivery.locations.stores import Keys
from kernel.money import Money
from kernel.parties import credentials
from marketplace.aftercare import bad_reviews
from marketplace.aftercare.complaint_rows import About, Category
from marketplace.aftercare.dispute_rows import Remedy
from marketplace.boarding import requests
from marketplace.demands import supply
from marketplace.products import Product
from marketplace.telling import notices
from marketplace.terms.rows import Renewal
from marketplace.trying import trials
from tests.catalogue import shelf
from tests.conftest import work_of
from tests.marketplace import make
from tests.marketplace.aftercare import cases, grievances, test_destructions, test_ratings
from tests.marketplace.agency import test_mandates
from tests.marketplace.cancelling import test_cancellations
from tests.marketplace.demands import test_demands
from tests.marketplace.frameworks import test_frameworks
from tests.marketplace.instalments import test_instalments
from tests.marketplace.renewing import test_renewals
from tests.marketplace.shelving import sheet, test_amendments
from tests.marketplace.telling import test_notices
from tests.marketplace.trying import test_trials
from tests.settlement import money

TODAY: Final = make.AFTER_PUBLICITY + timedelta(days=9)
SAID: Final = (
    "合同约定交付十二个国家气象站的逐小时观测，实际收到的文件缺少东四、天坛和官园三个站点自二月起的全部记录；"
    "The files lack three of the twelve stations from February on: see the attached log of reads."
)
"""Long enough to run over a line, in both languages."""

Places = dict[str, str]
"""Name → path of the page that shows it."""


def fill(session: Session, folder: Path) -> Places:
    """Have everything happen; return where it is shown."""
    money.verified(partial(work_of, session), "org_buyer", money.BUYER_NAME)
    product = make.listed(session)
    return {
        "product": f"/products/{product.id}",
        **_disputes(session, product),
        **_complaints(session, product),
        **_aftercare(session, product),
        **_orders(session, product),
        **_dealings(session, product),
        **_asked(session, product),
        **_tabled(session, folder),
        **_told(session),
    }


def _disputes(session: Session, product: Product) -> Places:
    filed = cases.raised(session, make.paid(session, product), said=SAID)
    ruled = cases.raised(session, make.paid(session, product), said=SAID)
    cases.in_force(session, ruled, remedy=Remedy.PRICE_REDUCTION, amount=Money(80_000))
    mine = make.accepted(session, product)
    return {
        "dispute": f"/disputes/{filed.id}",
        "ruled": f"/disputes/{ruled.id}",
        "to_dispute": f"/orders/{mine.id}/dispute",
    }


def _complaints(session: Session, product: Product) -> Places:
    made = grievances.made(session, said=SAID)
    other = grievances.made(
        session, about=About.PRODUCT, category=Category.OTHER, subject_id=product.id, said=SAID
    )
    return {
        "complaint": f"/complaints/{made.id}",
        "resolved": f"/complaints/{grievances.resolved(session, other).id}",
    }


def _aftercare(session: Session, product: Product) -> Places:
    order = make.accepted(session, product)
    rated = test_ratings.rated(session, order, test_ratings.BAD)
    test_ratings.rated(session, make.accepted(session, product))
    review = bad_reviews.of_ratings(session, [rated.id])[rated.id]
    test_ratings.step(session, review, "contact", cases.SELLER, contact=SAID)
    return {
        "ratings": f"/ratings?product={product.id}",
        "to_rate": f"/orders/{make.accepted(session, product).id}/ratings",
        "rated": f"/orders/{order.id}/ratings",
        "bad_review": f"/bad-reviews/{review.id}",
        "destruction": f"/data-destructions/{test_destructions.due(session).id}",
    }


def _orders(session: Session, product: Product) -> Places:
    cancelled = make.paid(session, product)
    test_cancellations.asked(session, cancelled)
    parts = test_instalments.signed(session)
    test_instalments.pay(session, parts, 1)
    unplanned = make.placed(session, product)
    return {
        "cancelled": f"/orders/{cancelled.id}",
        "instalments": f"/orders/{parts.id}",
        "order": f"/orders/{unplanned.id}",
    }


def _dealings(session: Session, product: Product) -> Places:
    framework = test_frameworks.in_force(session, product.id)
    test_frameworks.call(session, framework)
    waiting = test_frameworks.offered(session, product.id)
    granted = test_mandates.signed(session, product_ids=[product.id])
    unsigned = test_mandates.granted(session)
    session.flush()
    return {
        "framework": f"/frameworks/{framework.id}",
        "offered": f"/frameworks/{waiting.id}",
        "mandate": f"/mandates/{granted.id}",
        "unsigned": f"/mandates/{unsigned.id}",
    }


def _asked(session: Session, product: Product) -> Places:
    board = make.board(session)
    made = requests.file(
        work_of(session, cases.SELLER, at=cases.NOW), board.id, product.id, note=SAID
    )
    version = shelf.published(session)
    demand = test_demands.published(session)
    work = work_of(session, cases.BUYER, at=cases.NOW)
    (wanted,) = supply.file(work, demand.id, [version.directory_id], said=SAID)
    revised = make.listed(session, title_zh="逐日降雨指数（修订中）")
    amendment = test_amendments.proposed(
        session, revised, price_plan=test_amendments.DEARER, intro=SAID
    )
    session.flush()
    assert made.state == requests.State.ASKED
    return {
        "board": f"/boards/{board.code}",
        "supply": f"/supply-requests/{wanted.id}",
        "demand": f"/demands/{demand.id}",
        "revised": f"/amendments/{amendment.id}",
        "revise": f"/listing/{product.id}/revise",
    }


def _tabled(session: Session, folder: Path) -> Places:
    monthly = test_trials.tabled(
        session, folder, price_plan=test_renewals.MONTHLY, delivery_mode="record_api",
        title_zh="逐分钟水位订阅",
    )  # fmt: skip
    term = test_renewals.kept(session, make.accepted(session, monthly, quantity=2))
    test_renewals.arranged(session, term, Renewal.AUTO)
    test_trials.offered(session, monthly)
    trial = trials.begin(
        work_of(session, "per_other_editor", at=cases.NOW), monthly.id, purpose_text=SAID
    )
    session.flush()
    merchant = work_of(session, cases.SELLER, at=cases.NOW)
    lake = Root("lake", RootKind.FOLDER, str(folder))
    mounted = locations.register(
        merchant, lake, path="readings/2026/minutes-of-all-stations", title="分钟水位", keys=Keys()
    )
    dataset = sheet.dataset(session)
    session.flush()
    return {
        "subscribed": f"/orders/{term.order_id}",
        "tried": f"/products/{monthly.id}",
        "trial": f"/trials/{trial.id}",
        "dataset": f"/data/{dataset.dataset_id}",
        "mounted": f"/data/locations/{mounted.id}",
    }


def _told(session: Session) -> Places:
    endpoint, _ = test_notices.added(session)
    event = test_notices.paid(session)
    notices.tell(test_notices.work(session, "system"), event)
    credentials.issue(
        work_of(session, cases.BUYER), label="夜间取数 nightly reads",
        scopes=list(credentials.SCOPES), days=90,
    )  # fmt: skip
    session.flush()
    return {"webhook": f"/webhooks/{endpoint.id}"}
