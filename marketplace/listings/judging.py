"""The listing rules that ask of what is behind a product: data set, documents, rights."""

from typing import Any, Final, Protocol

from catalogue.grades import Grade, Origin, PiClass
from delivery.tables.datasets import DatasetVersion
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.parties import relations
from kernel.work import Work
from licensing.authorisations import Authorisation
from marketplace.listings import materials, rights
from marketplace.listings.materials import Filed, Form, Material
from marketplace.versions import ProductType, ProductVersion

_OPINION_FOR: Final = frozenset({Origin.PURCHASED, Origin.WEB_COLLECTED, Origin.MIXED})
_WITH_REPORT: Final = frozenset({ProductType.DATASET, ProductType.API})


class Case(Protocol):
    """What is judged; `listing.Offered` is one."""

    @property
    def version(self) -> ProductVersion:
        """The version."""

    @property
    def owner_id(self) -> str:
        """Its merchant."""

    @property
    def authorisation(self) -> Authorisation | None:
        """The authorisation behind it."""

    @property
    def dataset(self) -> DatasetVersion | None:
        """The data set behind it."""

    @property
    def papers(self) -> tuple[Filed, ...]:
        """The documents that cover it, newest first."""


def columns(case: Case, _work: Work) -> Refusal | None:
    """Refuse a dictionary that is not that of the data set which is delivered."""
    if case.dataset is None:
        return None
    named = [str(each.get("name")) for each in case.version.dictionary if isinstance(each, dict)]
    there = [each["name"] for each in case.dataset.columns]
    strange = [name for name in named if name not in there]
    missing = [name for name in there if name not in named]
    if strange:
        return Refusal(
            "DICTIONARY_DIFFERS",
            f"数据集中没有“{strange[0]}”这一列",
            f"the data set has no column {strange[0]!r}",
        )
    if missing:
        return Refusal(
            "DICTIONARY_DIFFERS",
            f"数据字典缺少数据集的“{missing[0]}”列",
            f"the dictionary lacks the data set's column {missing[0]!r}",
        )
    return None


def rows(case: Case, _work: Work) -> Refusal | None:
    """Refuse a sample with a row that is not among those which were drawn from the data."""
    if case.dataset is None or case.version.sample == case.dataset.sample:
        return None
    real = {_row(each) for each in case.dataset.sample}
    for number, row in enumerate(case.version.sample, 1):
        if _row(row) not in real:
            return Refusal(
                "SAMPLE_NOT_OF_DATA",
                f"样例第 {number} 行不在数据集的样例中",
                f"row {number} of the sample is not among those drawn from the data set",
            )
    return None


def graded(case: Case, _work: Work) -> Refusal | None:
    """Refuse a grade below what was found in the data (I-22)."""
    if case.dataset is None:
        return None
    least, least_pi = Grade(case.dataset.grade), PiClass(case.dataset.pi_class)
    if Grade(case.version.grade) < least:
        return Refusal(
            "GRADE_BELOW_DATA",
            f"数据检测级别为 {least}，产品不得低于此级",
            f"the data was found to be {least}; a product of it is not graded below",
        )
    if PiClass(case.version.pi_class) < least_pi:
        return Refusal(
            "PI_BELOW_DATA",
            f"数据中检出{least_pi.label.zh}，产品须如实分类",
            f"the data holds {least_pi.label.en}; a product of it is not classed below",
        )
    return None


def documents(case: Case, work: Work) -> Refusal | None:
    """Refuse while a document that is needed is missing, expired or broken as a promise (I-15)."""
    missing = lacking(case, work)
    if not missing:
        return None
    zh = "、".join(kind.label.zh for kind in missing)
    en = ", ".join(kind.label.en for kind in missing)
    return Refusal("MATERIAL_MISSING", f"缺少或已过期：{zh}", f"missing or no longer good: {en}")


def lacking(case: Case, work: Work) -> list[Material]:
    """Return the kinds that are needed and not there, or not good any more. Pure."""
    there = materials.in_force(case.papers)
    today = local_date(work.now)
    return [
        kind
        for kind in needed(case)
        if kind not in there
        or not materials.good(there[kind], today)
        or (there[kind].form == Form.PROMISE and not _may_wait(case.version, kind))
    ]


def needed(case: Case) -> list[Material]:
    """Return the kinds that the product needs, in the order in which they are told. Pure.

    What the house knows itself is no document: the description and the sample are the
    product's own, the certificate of an authorisation and the upper limit are rows, and of a
    data set it has measured the quality.
    """
    version = case.version
    people = version.pi_class != PiClass.NONE
    high = Grade(version.grade) >= Grade.G2
    origin = Origin(version.source_kind)
    public = origin is Origin.PUBLIC_AUTHORISED
    measured = materials.quality_is_measured(version)
    reported = version.product_type in _WITH_REPORT and version.quality is not None
    # fmt: off
    asked = (
        (True,                                      Material.SOURCE_STATEMENT),
        (not public,                                Material.SOURCE_PROOF),
        (True,                                      Material.COMPLIANCE_STATEMENT),
        (high or people or origin in _OPINION_FOR,  Material.LEGAL_OPINION),
        (reported and not measured,                 Material.QUALITY_REPORT),
        (high or people,                            Material.SECURITY_ASSESSMENT),
        (people,                                    Material.PIPIA),
    )
    # fmt: on
    return [kind for applies, kind in asked if applies]


def operable(case: Case, work: Work) -> Refusal | None:
    """Refuse while an input may not be operated by the merchant (I-18)."""
    told = case.authorisation.cert_no if case.authorisation else ""  # a rule of its own asks
    inputs = rights.effective(work, case.version, case.owner_id)
    without = [each.source for each in inputs if not each.there and each.source != told]
    if not without:
        return None
    return Refusal(
        "RIGHT_TO_OPERATE_MISSING",
        f"对来源“{without[0]}”没有有效的数据产品经营权",
        f"there is no effective right to operate over {without[0]!r}",
    )


def unrelated(case: Case, work: Work) -> Refusal | None:
    """Refuse a document that a relative of the merchant drew up (I-17)."""
    there = materials.in_force(case.papers).values()
    issuers = {row.issuer_id: row for row in there if row.issuer_id is not None}
    if not issuers:
        return None
    related = relations.related(work.session, case.owner_id, on=local_date(work.now))
    for issuer, row in sorted(issuers.items()):
        if issuer in related:
            kind = Material(row.kind).label
            return Refusal(
                "ISSUER_RELATED",
                f"“{kind.zh}”由关联方出具",
                f"a relative of the merchant drew up the {kind.en}",
            )
    return None


def _may_wait(version: ProductVersion, kind: Material) -> bool:
    # An opinion may come later for harmless data of one's own alone.
    harmless = version.grade == Grade.G1 and version.pi_class == PiClass.NONE
    own = version.source_kind == Origin.SELF_PRODUCED
    return kind is not Material.LEGAL_OPINION or (harmless and own)


def _row(row: Any) -> tuple[tuple[str, str], ...]:
    filled = {key: value for key, value in row.items() if value is not None}
    return tuple(sorted((str(key), str(value)) for key, value in filled.items()))
