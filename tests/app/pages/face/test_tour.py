import re

from app.pages.face import tour
from app.story import cast
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.counting import selects

pytestmark = ON_SQLITE


def test_the_tour_has_six_cards_and_nothing_over_the_page(visit: Visit) -> None:
    page = visit().shows("/tour", "一场景一评估一授权", "AUTH_SUSPENDED", "buyer@demo")

    named = {account for card in tour.CARDS for account in card.accounts}
    assert named <= {player.login for player in cast.players()}
    assert page.count('class="tour-no"') == len(tour.CARDS) == 6
    assert "<dialog" not in page
    assert 'href="/tour"' in visit().get("/").text


def test_every_link_of_the_tour_leads_somewhere(visit: Visit) -> None:
    visitor = visit()
    found = re.findall(r'class="btn[^"]*" href="([^"]+)"', visitor.get("/tour").text)
    links = [href for href in found if not href.startswith("/sign-in")]

    answers = {href: visitor.get(href).status_code for href in links}

    assert len(links) == sum(len(card.links) for card in tour.CARDS)
    assert set(answers.values()) <= {200, 302, 303, 401}, answers
    assert answers["/rankings"] == answers["/verify"] == 200


def test_the_tour_asks_the_database_next_to_nothing(visit: Visit) -> None:
    visitor = visit()
    selects(visitor, "/tour")

    assert selects(visitor, "/tour") <= 2
