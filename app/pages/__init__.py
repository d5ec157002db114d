"""HTML for people: one module an audience; server-rendered, and whole without JavaScript.

Pages show dicts, not rows, and every button comes from a life cycle's offers.
"""

from flask import Flask

from app.pages import (
    account,
    chrome,
    department,
    desk,
    enterprise,
    exchange,
    market,
    panel,
    public,
    regulator,
    trade,
)
from app.pages.aftercare import complaints, ratings
from app.pages.aftercare import destructions as data_destructions
from app.pages.aftercare import disputes as trade_disputes
from app.pages.aftercare import waiting as returns
from app.pages.agency import mandates
from app.pages.applying import drafts
from app.pages.assets import cards as asset_cards
from app.pages.assets import disclosures as asset_tables
from app.pages.assets import packs as evidence
from app.pages.buying import packs as procuring
from app.pages.buying import renewals, trials
from app.pages.catalogue import asking, grading, hub, records
from app.pages.centres import own
from app.pages.charging import invoices, owed, rules
from app.pages.choosing import asking as choosing
from app.pages.contracting import cancelling, instalments
from app.pages.contracting import contracts as contract_papers
from app.pages.contracting import frameworks as framework_pages
from app.pages.data import datasets
from app.pages.data import locations as mounted
from app.pages.deciding import log
from app.pages.delivering import client, deliveries
from app.pages.delivering import egress as egress_desk
from app.pages.face import developers, exclusions, home, leagues, notices, open_data, rulebook, tour
from app.pages.finding import catalogue as finding
from app.pages.frame import agreements, disclosures, drafting, register
from app.pages.handing import panels as handing
from app.pages.integrity import desk as integrity
from app.pages.letters import letter, verification
from app.pages.listing import boards as themed
from app.pages.listing import bulk, revisions, rooms
from app.pages.money import (
    auctions,
    bank,
    bills,
    books,
    deals,
    holding,
    paying,
    payouts,
    purse,
    rails,
    reconciling,
    refunds,
    statements,
    vouchers,
)
from app.pages.onboarding import papers, parties, queue
from app.pages.panels import pleas
from app.pages.pricing import fees
from app.pages.refused import again
from app.pages.releasing import known as releases
from app.pages.releasing import verifying as proofs
from app.pages.review import hands, opinion, waiting
from app.pages.review import queue as case_queue
from app.pages.standing import rights
from app.pages.statistics import buyers, exchanges
from app.pages.supervision import desk as supervision
from app.pages.telling import endpoints as telling
from app.pages.telling import tokens
from app.pages.wishes import demands as wishes
from app.pages.wishes import supplies

AUDIENCES = (
    drafts,
    account,
    home,
    notices,
    open_data,
    rulebook,
    developers,
    tour,
    leagues,
    proofs,
    releases,
    exclusions,
    buyers,
    exchanges,
    public,
    letter,
    verification,
    finding,
    wishes,
    supplies,
    market,
    themed,
    desk,
    own,
    department,
    enterprise,
    case_queue,
    hands,
    opinion,
    waiting,
    regulator,
    panel,
    pleas,
    trade,
    contract_papers,
    framework_pages,
    cancelling,
    mandates,
    trade_disputes,
    complaints,
    ratings,
    data_destructions,
    returns,
    integrity,
    instalments,
    paying,
    exchange,
    refunds,
    payouts,
    rails,
    holding,
    rules,
    owed,
    bank,
    bills,
    books,
    purse,
    auctions,
    deals,
    vouchers,
    reconciling,
    statements,
    invoices,
    asset_tables,
    asset_cards,
    evidence,
    choosing,
    bulk,
    rooms,
    revisions,
    datasets,
    mounted,
    handing,
    client,
    telling,
    tokens,
    deliveries,
    egress_desk,
    records,
    grading,
    asking,
    hub,
    agreements,
    register,
    disclosures,
    drafting,
    parties,
    papers,
    queue,
    fees,
    rights,
    log,
    supervision,
    procuring,
    trials,
    renewals,
)


def init_app(app: Flask) -> None:
    """Register the pages and what every template may call."""
    chrome.init_app(app)
    again.init_app(app)
    for module in AUDIENCES:
        app.register_blueprint(module.blueprint)
