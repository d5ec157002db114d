from settlement.evidence import archive
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town


@ON_SQLITE
def test_a_product_and_an_order_hand_their_packs_over_by_one_click(
    visit: Visit, town: Town
) -> None:
    buyer, nobody = visit("per_buyer_editor"), visit()
    product, order = f"/products/{town['product']}", f"/orders/{town['accepted']}"

    offered = nobody.shows(product, "采购资料包")
    given = nobody.get(f"{product}/procurement-pack")
    own = buyer.get(f"{order}/procurement-pack")

    assert f'href="{product}/procurement-pack"' in offered
    assert "采购资料包" in buyer.get(order).text
    assert "zh/2-price.txt" in archive.read(given.data)
    assert "zh/order.txt" in archive.read(own.data)
    assert visit("per_dept_editor").get(f"{order}/procurement-pack").status_code == 404


@ON_SQLITE
def test_a_pack_that_is_brought_back_is_known(visit: Visit, town: Town) -> None:
    from io import BytesIO

    nobody = visit()
    content = nobody.get(f"/products/{town['product']}/procurement-pack").data

    answer = nobody.client.post("/evidence/verify", data={"file": (BytesIO(content), "p.zip")})

    assert "核验通过" in answer.text
