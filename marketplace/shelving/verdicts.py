"""What a file of products comes to, row by row: the dry run, before anything is written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import select

from kernel.errors import Invalid, NotFound, Refusal
from kernel.work import Work
from marketplace import listing, versions
from marketplace.products import UNDER_REVIEW, Product, State
from marketplace.shelving import cells, prefill, revising
from marketplace.shelving.problems import FORMS, Plan, Problem, Row, form
from marketplace.versions import Content, ProductVersion

_FIELDS: Final[Mapping[str, str]] = {rule.number: rule.field for rule in listing.RULES}
_USUAL: Final[Content] = {
    "grade": "G1",
    "pi_class": "none",
    "source_kind": "self_produced",
    "delivery_mode": "in_domain",
    "accept_days": 7,
}
_SUBMITTABLE: Final = frozenset({State.DRAFT, State.LISTED})


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row: its merchant's code, what becomes of it, and what is wrong.

    content: what would be written. product_id: of the product that has this code already.
    """

    number: int
    code: str
    title: str
    plan: Plan
    problems: tuple[Problem, ...]
    content: Content | None = None
    product_id: str | None = None


def judged(work: Work, rows: Sequence[Row]) -> list[Verdict]:
    """Return what each row comes to, in order. Writes nothing.

    Two SELECTs for all, and for each row what its data set and the listing rules look at.
    """
    codes = [str(row.cells.get("code") or "").strip() for row in rows]
    there = _there(work, codes)
    told: list[Verdict] = []
    met: set[str] = set()
    with work.session.no_autoflush:
        for row, code in zip(rows, codes, strict=True):
            verdict = _one(work, row, there.get(code))
            if code and code in met:
                verdict = _barred(verdict, _doubled(code))
            met.add(code)
            told.append(verdict)
    return told


def _one(work: Work, row: Row, found: tuple[Product, ProductVersion] | None) -> Verdict:
    said, problems = cells.read(row)
    code = str(said.pop("code", ""))
    title = str(said.get("title_zh", "") or said.get("title_en", ""))
    product = found[0] if found else None
    verdict = Verdict(
        row.number, code, title, Plan.BARRED, tuple(problems), None, product.id if product else None
    )
    if problems:
        return verdict
    try:
        content = _content(work, said, found[1] if found else None)
        _check(work, content)
    except Invalid as error:
        return _barred(verdict, _invalid(error))
    misfits = _misfits(work, content, product)
    if misfits:
        return replace(verdict, problems=misfits, content=content)
    return _planned(work, replace(verdict, content=content), found)


def _content(work: Work, said: dict[str, Any], before: ProductVersion | None) -> Content:
    """Return the whole content: what is usual, what stood there, what the data set knows, the row.

    Raises Invalid for a data set that is not the caller's.
    """
    base: dict[str, Any] = {**_USUAL, **versions.empty()}
    if before is not None:
        base.update(versions.content(before))
    dataset_id = said.get("dataset_version_id")
    if dataset_id is not None:
        try:
            base.update(prefill.of(work, dataset_id, before))
        except NotFound as error:
            raise Invalid(error.zh, error.en, pointer="/dataset_version_id") from error
        if "dictionary" in said:
            said["dictionary"] = prefill.typed(said["dictionary"], base["dictionary"])
    base.update(said)
    content: Content = {}
    for name in Content.__annotations__:
        content[name] = base.get(name)  # type: ignore[literal-required]  # its own names
    return content


def _check(work: Work, content: Content) -> None:
    versions.check(work, content)


def _misfits(work: Work, content: Content, product: Product | None) -> tuple[Problem, ...]:
    draft = ProductVersion(product_id=product.id if product else None, **content)
    owner_id = work.actor.organisation
    return tuple(_refused(each) for each in listing.refusals(draft, owner_id, work))


def _planned(work: Work, verdict: Verdict, found: tuple[Product, ProductVersion] | None) -> Verdict:
    if found is None:
        return replace(verdict, plan=Plan.NEW)
    product, version = found
    before = versions.content(version)
    content = verdict.content or before
    size = revising.size(work.session, before, content)
    if size is revising.Size.NONE:
        plan = Plan.SUBMITTED if product.state == State.DRAFT else Plan.SAME
        return replace(verdict, plan=plan)
    if product.state not in _SUBMITTABLE:
        return _barred(verdict, _not_now(product))
    if product.state == State.DRAFT:
        return replace(verdict, plan=Plan.REVISED)
    return replace(verdict, plan=Plan(size.value))


def _there(work: Work, codes: Iterable[str]) -> dict[str, tuple[Product, ProductVersion]]:
    statement = (
        select(Product, ProductVersion)
        .join(ProductVersion, ProductVersion.id == Product.current_version_id)
        .where(
            Product.owner_id == work.actor.organisation,
            Product.own_code.in_({code for code in codes if code}),
        )
    )
    return {
        str(product.own_code): (product, version)
        for product, version in work.session.execute(statement)
    }


def _barred(verdict: Verdict, problem: Problem) -> Verdict:
    return replace(verdict, plan=Plan.BARRED, problems=(*verdict.problems, problem))


def _refused(refusal: Refusal) -> Problem:
    fix = refusal.fix or FORMS["INVALID"][1]
    return Problem(_FIELDS[refusal.rule], refusal.rule, refusal.code, refusal.words, fix)


def _invalid(error: Invalid) -> Problem:
    return form(error.pointer.removeprefix("/"), "INVALID", error.zh, error.en)


def _doubled(code: str) -> Problem:
    zh, en = f"产品编号 {code} 在文件中重复", f"code {code} stands on another row already"
    return form("code", "DUPLICATE", zh, en)


def _not_now(product: Product) -> Problem:
    waiting = product.state in UNDER_REVIEW
    zh = "该产品正在审核" if waiting else "该产品当前不能修订"
    en = "it is under review" if waiting else f"it is {product.state}"
    return form("code", "NOT_NOW", zh, en)
