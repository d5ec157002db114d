"""A version of a product (产品版本): what exactly is offered, never changed once written.

Orders refer to a version and never to "the latest" (I-16). A draft that is revised gets
a further version; what was offered before stays readable.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypedDict

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.grades import Grade, Mode, Origin, PiClass, Term
from delivery.tables import datasets, removals
from kernel import ids
from kernel.clock import Instant
from kernel.crypto import canonical
from kernel.db import Base, append_only
from kernel.errors import Invalid, NotFound
from kernel.words import Words
from kernel.work import Work
from licensing.exposures import OutputForm
from marketplace import prices

SAMPLE_ROWS_MAX: Final = 100
"""A sample (数据样例) shows no more rows than this."""


class Named(NamedTuple):
    """Of which product a version is, what it is called, and the first day of its data."""

    product_id: str
    title: Words
    temporal_from: date | None


class ProductType(Term):
    """What kind of thing a product is."""

    DATASET = "dataset", "数据集", "data set"
    API = "api", "API数据服务", "API data service"
    REPORT = "report", "数据报告/指数", "report or index"
    MODEL = "model", "模型/算法", "model or algorithm"
    APP = "app", "数据应用", "data application"
    TOOL = "tool", "数据工具", "data tool"
    SERVICE = "service", "数据服务", "data service"
    VERIFICATION = "verification", "核验服务", "verification service"


class Field(Term):
    """The twelve fields of the action plan "data elements ×" (数据要素×)."""

    INDUSTRIAL_MANUFACTURING = "industrial_manufacturing", "工业制造", "industrial manufacturing"
    MODERN_AGRICULTURE = "modern_agriculture", "现代农业", "modern agriculture"
    COMMERCE_CIRCULATION = "commerce_circulation", "商贸流通", "commerce and circulation"
    TRANSPORT = "transport", "交通运输", "transport"
    FINANCIAL_SERVICES = "financial_services", "金融服务", "financial services"
    SCI_TECH_INNOVATION = "sci_tech_innovation", "科技创新", "science and innovation"
    CULTURAL_TOURISM = "cultural_tourism", "文化旅游", "culture and tourism"
    MEDICAL_HEALTH = "medical_health", "医疗健康", "medicine and health"
    EMERGENCY_MANAGEMENT = "emergency_management", "应急管理", "emergency management"
    METEOROLOGICAL_SERVICES = "meteorological_services", "气象服务", "meteorological services"
    URBAN_GOVERNANCE = "urban_governance", "城市治理", "urban governance"
    GREEN_LOW_CARBON = "green_low_carbon", "绿色低碳", "green and low-carbon"


class Frequency(Term):
    """How often the data behind a product is renewed."""

    REALTIME = "realtime", "实时", "in real time"
    HOURLY = "hourly", "每小时", "hourly"
    DAILY = "daily", "每日", "daily"
    WEEKLY = "weekly", "每周", "weekly"
    SEMI_MONTHLY = "semi_monthly", "每半月", "twice a month"
    MONTHLY = "monthly", "每月", "monthly"
    QUARTERLY = "quarterly", "每季度", "quarterly"
    SEMI_ANNUAL = "semi_annual", "每半年", "twice a year"
    ANNUAL = "annual", "每年", "yearly"
    IRREGULAR = "irregular", "不定期", "at no fixed time"
    STATIC = "static", "不更新", "never"


class Content(TypedDict, total=False):
    """What a merchant says of a product; every field must be given but those that may be None.

    items: data items of the authorisation, {"directory", "item"}. dataset_version_id: the
    merchant's own table that is delivered, of data that is not public. dictionary: one
    {"name", "type", "meaning"} for each column. sample: rows, column → value.
    """

    title_zh: str
    title_en: str
    intro: str
    product_type: str
    industry: str
    application_field: str
    region_coverage: list[Any]
    update_frequency: str
    temporal_from: date | None
    temporal_to: date | None
    grade: str
    pi_class: str
    source_kind: str
    authorisation_id: str | None
    scenario_id: str | None
    resource_id: str | None
    dataset_version_id: str | None
    items: list[Any]
    output_form: str | None
    delivery_mode: str
    price_plan: dict[str, Any]
    accept_days: int
    dictionary: list[Any]
    sample: list[Any]
    quality: dict[str, Any] | None


class ProductVersion(Base):
    """One version: a product as it is offered, in its merchant's words.

    grade, pi_class, delivery_mode: codes of the classification; industry: section of
    GB/T 4754; region_coverage: codes of GB/T 2260; accept_days: natural days.
    """

    __tablename__ = "product_versions"
    __table_args__ = (
        UniqueConstraint("product_id", "number"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("accept_days > 0", name="accept_days_positive"),
        CheckConstraint(
            "(source_kind = 'public_authorised') = (authorisation_id IS NOT NULL)",
            name="public_data_names_its_authorisation",
        ),
        CheckConstraint(
            "(source_kind = 'public_authorised') = (scenario_id IS NOT NULL)",
            name="public_data_names_its_scenario",
        ),
        CheckConstraint(
            "dataset_version_id IS NULL OR source_kind <> 'public_authorised'",
            name="public_data_stays_in_its_resource",
        ),
        Index(None, "authorisation_id", "product_id"),
        Index(None, "dataset_version_id", "product_id"),
        Index(None, "industry", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    number: Mapped[int]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    intro: Mapped[str]
    product_type: Mapped[str]
    industry: Mapped[str]
    application_field: Mapped[str]
    region_coverage: Mapped[list[Any]]
    update_frequency: Mapped[str]
    temporal_from: Mapped[date | None]
    temporal_to: Mapped[date | None]
    grade: Mapped[str]
    pi_class: Mapped[str]
    source_kind: Mapped[str]
    authorisation_id: Mapped[str | None]
    scenario_id: Mapped[str | None]
    resource_id: Mapped[str | None]
    dataset_version_id: Mapped[str | None] = mapped_column(ForeignKey("dataset_versions.id"))
    items: Mapped[list[Any]]
    output_form: Mapped[str | None]
    delivery_mode: Mapped[str]
    price_plan: Mapped[dict[str, Any]]
    accept_days: Mapped[int]
    dictionary: Mapped[list[Any]]
    sample: Mapped[list[Any]]
    quality: Mapped[dict[str, Any] | None]
    digest: Mapped[str]
    written_at: Mapped[Instant]
    written_by: Mapped[str]

    @property
    def contains_pi(self) -> bool:
        """Whether the product holds personal information."""
        return self.pi_class != PiClass.NONE


append_only(ProductVersion.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table

_CODES: Final[Mapping[str, type[StrEnum]]] = {
    "product_type": ProductType,
    "application_field": Field,
    "update_frequency": Frequency,
    "grade": Grade,
    "pi_class": PiClass,
    "source_kind": Origin,
    "output_form": OutputForm,
    "delivery_mode": Mode,
}
_MAY_BE_EMPTY: Final = frozenset({"update_frequency", "output_form"})
_TEXTS: Final = ("title_zh", "title_en", "industry")
_UNSAID: Final[Content] = {
    "update_frequency": "",
    "temporal_from": None,
    "temporal_to": None,
    "authorisation_id": None,
    "scenario_id": None,
    "resource_id": None,
    "dataset_version_id": None,
    "items": [],
    "output_form": None,
    "dictionary": [],
    "sample": [],
    "quality": None,
}


def write(work: Work, product_id: str, number: int, content: Content) -> ProductVersion:
    """Write one version. Raises Invalid with a pointer to the field at fault.

    Whether it may be listed is another question: `listing.refusals`.
    """
    given: dict[str, Any] = {**_UNSAID, **content}
    check(work, content)
    made = ProductVersion(
        id=ids.new("prv_", work.now),
        product_id=product_id,
        number=number,
        digest=work.crypto.digest(canonical(_exact(given))),
        written_at=work.now,
        written_by=work.actor.person,
        **given,
    )
    work.session.add(made)
    return made


def empty() -> Content:
    """Return what is written where a merchant says nothing."""
    return {**_UNSAID}


def check(work: Work, content: Content) -> None:
    """Raise Invalid, with a pointer to the field at fault, unless this can be written."""
    _check({**_UNSAID, **content}, work)


def find(session: Session, version_id: str) -> ProductVersion:
    """Return the version. Raises NotFound. One SELECT by primary key."""
    found = session.get(ProductVersion, version_id)
    if found is None:
        raise NotFound("没有这个产品版本", f"no product version {version_id}")
    return found


def titles(session: Session, version_ids: Iterable[str]) -> dict[str, Words]:
    """Return version → what it is called, for versions that are there. One SELECT by key."""
    statement = select(ProductVersion.id, ProductVersion.title_zh, ProductVersion.title_en).where(
        ProductVersion.id.in_(sorted(set(version_ids)))
    )
    return {one: Words(zh, en) for one, zh, en in session.execute(statement)}


def named(session: Session, version_ids: Iterable[str]) -> dict[str, Named]:
    """Return version → of which product it is and what it is called. One SELECT by key."""
    statement = select(
        ProductVersion.id, ProductVersion.product_id, ProductVersion.title_zh,
        ProductVersion.title_en, ProductVersion.temporal_from,
    ).where(ProductVersion.id.in_(sorted(set(version_ids))))  # fmt: skip
    return {
        one: Named(product_id, Words(zh, en), since)
        for one, product_id, zh, en, since in session.execute(statement)
    }


def of(session: Session, product_id: str) -> list[ProductVersion]:
    """Return up to 100 versions of the product, newest first. One SELECT on an index."""
    statement = (
        select(ProductVersion)
        .where(ProductVersion.product_id == product_id)
        .order_by(ProductVersion.number.desc())
        .limit(100)
    )
    return list(session.scalars(statement))


def following(session: Session, product_id: str) -> int:
    """Return the number of the next version of a product. One SELECT on an index."""
    statement = select(func.max(ProductVersion.number)).where(
        ProductVersion.product_id == product_id
    )
    return int(session.execute(statement).scalar_one() or 0) + 1


def content(version: ProductVersion) -> Content:
    """Return what the merchant said in this version, to be revised."""
    said: Content = {}
    for name in Content.__annotations__:
        said[name] = getattr(version, name)  # type: ignore[literal-required]  # its own names
    return said


def _check(given: Mapping[str, Any], work: Work) -> None:
    missing = sorted(Content.__annotations__.keys() - given.keys())
    if missing:
        raise Invalid("缺少必填内容", f"{missing[0]} is missing", pointer=f"/{missing[0]}")
    for name in _TEXTS:
        if not given[name].strip():
            raise Invalid("此项不能为空", f"{name} is empty", pointer=f"/{name}")
    for name, codes in _CODES.items():
        _check_code(name, given[name], codes)
    _check_dates(given)
    _check_authorisation(given)
    _check_dataset(given, work)
    days_max = work.rules.number("trade.accept_days_max")
    if not 1 <= given["accept_days"] <= days_max:
        raise Invalid(
            f"验收期限须为 1 至 {days_max} 日",
            f"acceptance takes 1 to {days_max} days",
            pointer="/accept_days",
        )
    if len(given["sample"]) > SAMPLE_ROWS_MAX:
        raise Invalid(
            f"样例不得超过 {SAMPLE_ROWS_MAX} 行",
            f"a sample has at most {SAMPLE_ROWS_MAX} rows",
            pointer="/sample",
        )
    prices.parse(given["price_plan"])


def _check_code(name: str, code: str | None, codes: type[StrEnum]) -> None:
    if not code and name in _MAY_BE_EMPTY:
        return
    if code not in {term.value for term in codes}:
        raise Invalid(f"没有“{code}”这个代码", f"{name} has no {code!r}", pointer=f"/{name}")


def _check_dates(given: Mapping[str, Any]) -> None:
    first, last = given["temporal_from"], given["temporal_to"]
    if first and last and first > last:
        raise Invalid("起日晚于止日", "it ends before it begins", pointer="/temporal_to")


def _check_authorisation(given: Mapping[str, Any]) -> None:
    # I-19: data of an authorisation names it and its scenario, and no other data does.
    public = given["source_kind"] == Origin.PUBLIC_AUTHORISED
    for name in ("authorisation_id", "scenario_id"):
        if public != bool(given[name]):
            raise Invalid(
                "公共数据产品须且仅须填写其授权与场景",
                "a product of public data names its authorisation and scenario; no other does",
                pointer=f"/{name}",
            )


def _check_dataset(given: Mapping[str, Any], work: Work) -> None:
    if given["dataset_version_id"] is None:
        return
    if given["source_kind"] == Origin.PUBLIC_AUTHORISED:
        raise Invalid(
            "公共数据只在域内资源中使用，不得另附数据集",
            "public data is used where it lies; no data set of the merchant's stands for it",
            pointer="/dataset_version_id",
        )
    try:
        datasets.own_version(work, given["dataset_version_id"])
    except NotFound as error:
        raise Invalid(error.zh, error.en, pointer="/dataset_version_id") from error
    if removals.is_removed(work, given["dataset_version_id"]):
        raise Invalid(
            "该版本的数据已按规则清理，请重新上传",
            "the rows of this version were removed as unused: upload them again",
            pointer="/dataset_version_id",
        )


def _exact(value: Any) -> Any:
    # A digest takes no binary fractions: a sample's 3.5 is hashed as the text "3.5".
    if isinstance(value, float | date):
        return str(value)
    if isinstance(value, dict):
        return {key: _exact(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_exact(inner) for inner in value]
    return value
