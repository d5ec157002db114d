"""What a procurement pack says of goods: the product as it is listed, and what stands behind it.

All of it is what anybody who may see the product may see, in plain words of both languages:
documents of the listing are named with their digests, and not handed out.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from catalogue.grades import Grade, Mode, Origin, PiClass
from delivery import ways
from delivery.tables import datasets
from kernel import journal
from kernel.parties import organisations, regions
from kernel.words import Words
from kernel.work import Work
from marketplace import prices
from marketplace.aftercare import ratings
from marketplace.listings import materials
from marketplace.listings.materials import Form, Material
from marketplace.plans import wording
from marketplace.procuring import chains, licences
from marketplace.procuring.sheets import Section, clean, document, fact, table
from marketplace.products import Product
from marketplace.versions import Field, Frequency, ProductType, ProductVersion
from settlement.evidence.archive import Item
from settlement.evidence.files import written
from settlement.evidence.packs import plain

SAMPLE_BYTES_MAX: Final = 512 * 2**10
"""Of a sample that is larger as text, so many rows are in the pack as fit."""

_DIMENSIONS: Final = {
    "parties": Words("主体合规", "The parties"),
    "source": Words("来源合规", "The source"),
    "content": Words("内容合规", "The content"),
    "tradability": Words("流通合规", "The trade"),
}
_VERDICTS: Final = {
    "pass": Words("通过", "passed"),
    "pass_with_condition": Words("附条件通过", "passed with a condition"),
}
_COMPLIANT: Final = ("product.compliant", "amendment.compliant")
_COUNTED: Final = ("name", "type", "filled", "distinct")
_MEASURED: Final = (*_COUNTED, "min", "max")


class Offer(NamedTuple):
    """What is told of: a product in one version, at one price plan. folder: where it lies."""

    product: Product
    version: ProductVersion
    price_plan: dict[str, Any]
    folder: str = ""


def of(work: Work, offer: Offer, address: str) -> Iterator[Item]:
    """Yield all that is said of goods. Some thirty SELECTs on indexes."""
    folder, version = offer.folder, offer.version
    yield from document(f"{folder}*/1-product.txt", _title(version), _facts(offer))
    yield from document(
        f"{folder}*/2-price.txt", Words("价格", "Price"), [_price(offer.price_plan)]
    )
    yield from document(
        f"{folder}*/3-seller.txt", Words("卖方", "The seller"), [_seller(work, offer.product)]
    )
    yield from document(
        f"{folder}*/4-listing.txt",
        Words("挂牌与合规", "Listing and compliance"),
        [_listing(offer.product, address), *_compliance(work, offer)],
    )
    yield from document(
        f"{folder}*/5-rights.txt",
        Words("权利与授权链", "Rights, and the chain of authorisation"),
        chains.sections(work, offer.product, version, address),
    )
    yield from document(
        f"{folder}*/6-licence.txt", Words("许可条款摘要", "The licence in plain words"),
        licences.sections(version),
    )  # fmt: skip
    yield from licences.template(work, offer.product, version, folder)
    yield from _data(work, offer)


def _title(version: ProductVersion) -> Words:
    return Words(clean(version.title_zh), clean(version.title_en))


def _facts(offer: Offer) -> list[Section]:
    version = offer.version
    mode, kind = Mode(version.delivery_mode), ProductType(version.product_type)
    open_ways = [way.label for way in sorted(ways.of(mode))]
    often = Frequency(version.update_frequency).label if version.update_frequency else None
    covers = "、".join(regions.name(code) for code in version.region_coverage)
    lines = (
        fact("产品编号", "Product", f"{offer.product.code} v{version.number}"),
        fact("类型", "Kind", kind.label),
        fact("简介", "Introduction", version.intro),
        fact("应用领域", "Field", Field(version.application_field).label),
        fact("行业（GB/T 4754）", "Industry (GB/T 4754)", version.industry),
        fact("覆盖区域", "Regions", covers),
        fact("更新频率", "Renewed", often),
        fact("数据时间", "Period of the data",
             f"{version.temporal_from or '—'} — {version.temporal_to or '—'}"),
        fact("数据来源", "Origin", Origin(version.source_kind).label),
        fact("安全级别", "Grade", _graded(version.grade)),
        fact("个人信息", "Personal information", PiClass(version.pi_class).label),
        fact("交付方式", "Delivery", Words(
            f"{mode.label.zh}（{'、'.join(way.zh for way in open_ways)}）",
            f"{mode.label.en} ({', '.join(way.en for way in open_ways)})")),
        fact("验收期限（自然日）", "Days to inspect", str(version.accept_days)),
        fact("版本摘要", "Digest of the version", version.digest),
    )  # fmt: skip
    return [Section(Words("产品", "The product"), lines)]


def _graded(code: str) -> Words:
    label = Grade(code).label
    return Words(f"{code} {label.zh}", f"{code}, {label.en}")


def _price(written_plan: dict[str, Any]) -> Section:
    plan = prices.parse(written_plan)
    modes = [mode.label for mode in prices.modes(plan)]
    how = Words("、".join(each.zh for each in modes), ", ".join(each.en for each in modes))
    lines = (
        fact("价格（含税）", "Price, tax included", wording.line(plan)),
        *(fact("条件", "Terms", each) for each in wording.terms(plan)),
        fact("付款方式", "Ways to pay", how),
    )
    return Section(Words("价格方案", "Price plan"), lines)


def _seller(work: Work, product: Product) -> Section:
    firm = organisations.find(work.session, product.owner_id)
    rated = ratings.of_merchant(work, firm.id)
    said = None if rated is None else f"{rated.mean_e2 / 100:.2f} / 5 ({rated.number})"
    lines = (
        fact("名称", "Name", Words(firm.name_zh, firm.name_en)),
        fact("统一社会信用代码", "Unified social credit code", firm.uscc),
        fact("住所地", "Seat", regions.name(firm.region)),
        fact("状态", "State", str(firm.state)),
        fact("买方评价", "Rated by buyers", said),
    )
    return Section(Words("主体信息", "Who sells"), lines)


def _listing(product: Product, address: str) -> Section:
    listed = product.listed_at
    lines = (
        fact("状态", "State", str(product.state)),
        fact("挂牌证书", "Listing certificate", product.listing_cert_no),
        fact("挂牌时间", "Listed", listed.isoformat() if listed else None),
        fact("有效期至", "Until", str(product.valid_until or "—")),
        fact("查验地址", "Where it is verified", f"{address}/products/{product.id}"),
    )
    return Section(Words("挂牌", "The listing"), lines)


def _compliance(work: Work, offer: Offer) -> Iterator[Section]:
    events = journal.history(work.session, offer.product.id, limit=300)
    passed = [each for each in events if each.kind in _COMPLIANT]
    verdicts = passed[-1].data if passed else {}
    yield Section(
        Words("合规审查", "Compliance review"),
        tuple(
            fact(said.zh, said.en, _VERDICTS.get(verdicts.get(code, "")))
            for code, said in _DIMENSIONS.items()
        ),
    )
    filed = materials.in_force(materials.of(work.session, offer.product.owner_id, offer.product.id))
    lines = tuple(
        fact(kind.label.zh, kind.label.en, Words(_paper(one, 0), _paper(one, 1)))
        for kind, one in sorted(filed.items())
    )
    yield Section(Words("挂牌材料", "Documents of the listing"), lines)


def _paper(one: materials.Filed, place: int) -> str:
    till = one.valid_to or one.due_on
    until = "" if till is None else (f"，至 {till}" if place == 0 else f", until {till}")
    return f"{Form(one.form).label[place]}{until}, SHA-256 {one.digest}"


def _data(work: Work, offer: Offer) -> Iterator[Item]:
    version, folder = offer.version, f"{offer.folder}data/"
    firm = organisations.find(work.session, offer.product.owner_id)
    yield plain(
        f"{folder}product.json",
        {
            "id": offer.product.id,
            "code": offer.product.code,
            "version": version.number,
            "digest": version.digest,
            "title_zh": version.title_zh,
            "title_en": version.title_en,
            "listing_cert_no": offer.product.listing_cert_no,
            "seller_uscc": firm.uscc,
            "grade": version.grade,
            "pi_class": version.pi_class,
            "delivery_mode": version.delivery_mode,
            "price_plan": written(offer.price_plan),
        },
    )
    columns = ("name", "type", "meaning")
    described = [each for each in version.dictionary if isinstance(each, dict)]
    yield table(f"{folder}dictionary.csv", columns, described)
    yield _sample(version, [str(each.get("name", "")) for each in described], folder)
    yield plain(f"{folder}quality.json", written(_quality(work, version)))
    listed = materials.in_force(
        materials.of(work.session, offer.product.owner_id, offer.product.id)
    )
    rows = [
        {"kind": Material(one.kind).value, "form": one.form, "sha256": one.digest,
         "issued_on": one.issued_on, "valid_to": one.valid_to, "due_on": one.due_on}
        for _, one in sorted(listed.items())
    ]  # fmt: skip
    yield table(
        f"{folder}materials.csv",
        ("kind", "form", "sha256", "issued_on", "valid_to", "due_on"),
        rows,
    )


def _sample(version: ProductVersion, columns: list[str], folder: str) -> Item:
    rows: list[dict[str, Any]] = [each for each in version.sample if isinstance(each, dict)]
    made = table(f"{folder}sample.csv", columns, rows)
    while len(made.content) > SAMPLE_BYTES_MAX and rows:
        rows = rows[: len(rows) // 2]
        made = table(f"{folder}sample.csv", columns, rows)
    return made


def _quality(work: Work, version: ProductVersion) -> Any:
    """Return what was measured of the whole table, or what the merchant reports.

    As on the product's page: of a column with people in it no value, not even the least.
    """
    if version.dataset_version_id is None:
        return {"reported": version.quality}
    found = datasets.by_id(work.session, version.dataset_version_id)
    people = {each.column for each in datasets.findings(found.profile)}
    columns = [
        {name: each.get(name) for name in (_COUNTED if each["name"] in people else _MEASURED)}
        for each in found.profile["columns"]
    ]
    latest = found.profile["latest"].items()
    return {
        "measured": {
            "rows": found.row_count,
            "duplicates": found.profile["duplicates"],
            "mixed": found.profile["mixed"],
            "latest": {name: last for name, last in latest if name not in people},
            "columns": columns,
        }
    }
