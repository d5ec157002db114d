"""Pages of finding: words, facets, side by side, and searches that are kept."""

from app.unit import Exchange
from marketplace import orders
from marketplace.finding import sources
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import TODAY, Town
from tests.conftest import work_of
from tests.marketplace.aftercare import test_ratings


@ON_SQLITE
def test_everything_public_is_found_by_words_of_two_characters(visit: Visit) -> None:
    page = visit().shows("/catalogue?q=气象", "北京十二站", "数据产品", "数据目录", "机构")

    assert "最相关的在前" in page
    assert "没有找到" in visit().get("/catalogue?q=nowhere").text
    assert "按公开时间" in visit().get("/catalogue?kind=organisation").text
    assert visit().get("/catalogue?kind=magic").status_code == 200


@ON_SQLITE
def test_facets_narrow_and_can_be_taken_away_again(visit: Visit) -> None:
    visitor = visit()

    chosen = visitor.shows("/products?grade=G1&grade=G2", "清除筛选", "移除此条件")

    assert 'name="grade" value="' in chosen
    assert "checked" in chosen
    assert "没有找到" in visitor.get("/products?board=NONE").text
    assert "北京十二站" in visitor.get("/products?board=METEO&industry=A").text


@ON_SQLITE
def test_what_nobody_offers_can_be_posted_as_a_demand(visit: Visit) -> None:
    page = visit("per_buyer_editor").get("/catalogue?q=火星土壤气象").text

    assert "/demands/new?title=" in page
    assert "较接近的结果" in page


@ON_SQLITE
def test_products_stand_side_by_side_and_are_taken_away_as_a_table(
    visit: Visit, town: Town
) -> None:
    one, other = town["product"], town["other"]
    address = f"/catalogue/compare?product={one}&product={other}"

    visit().shows(address, "比选", "更新频率", "XLSX")

    assert "更新频率" in visit().get(f"{address}&format=csv").text
    assert visit().get(f"{address}&format=xlsx").status_code == 200
    assert visit().get(f"/catalogue/compare?product={one}").status_code == 422


@ON_SQLITE
def test_a_search_is_kept_looked_at_and_forgotten(visit: Visit) -> None:
    buyer = visit("per_buyer_editor")
    buyer.shows("/saved-searches", "还没有已存检索")

    kept = buyer.post("/saved-searches", name="我的气象", q="气象", kind="product", grade="G1")
    assert kept.status_code == 303
    page = buyer.shows("/saved-searches", "我的气象", "一般数据1级")
    key = page.partition("/saved-searches/sch_")[2].partition("/")[0]

    looked = buyer.post(f"/saved-searches/sch_{key}/look")
    assert "grade=G1" in looked.location
    assert visit("per_developer_editor").post(
        f"/saved-searches/sch_{key}/remove").status_code == 404  # fmt: skip
    buyer.post(f"/saved-searches/sch_{key}/remove")
    assert "我的气象" not in buyer.get("/saved-searches").text

    assert buyer.post("/saved-searches", name="x", q="气象", kind="magic").status_code == 422
    assert buyer.post("/saved-searches", name="", q="", kind="").status_code == 422


@ON_SQLITE
def test_products_are_shown_with_the_best_rated_first(
    application: Exchange, visit: Visit, town: Town
) -> None:
    with application.house.engines.writing() as session:
        order = orders.find(session, town["accepted"])
        test_ratings.rated(session, order, at=TODAY)
        for kind in sources.SAYS:
            sources.rebuild(work_of(session, "system"), kind, after="", limit=500)
        session.commit()
    anybody = visit()

    anybody.shows("/products", "最新", "好评")
    best = anybody.shows("/products?sort=rating", "5.00")
    anybody.shows("/catalogue?kind=product&q=气象&sort=rating", "5.00")

    assert best.index("北京十二站逐日气象指数") < best.index("县域降雨概率周报")
    assert anybody.get("/catalogue?sort=rating").status_code == 200
    api = anybody.client.get("/api/search?kind=product&sort=rating&limit=1").get_json()
    assert api["items"][0]["title_zh"] == "北京十二站逐日气象指数"
    assert anybody.client.get("/api/search?sort=rating").status_code == 422
    assert anybody.client.get("/api/search?sort=magic").status_code == 422
