"""What bars a step of a product's life besides the listing rules, and what some steps write."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from catalogue.grades import Grade, PiClass
from delivery.tables import removals
from kernel import watch
from kernel.actor import Role
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.parties import organisations, people, relations
from kernel.work import Work
from marketplace import listing, versions
from marketplace.listings import months, rights
from marketplace.listings.rows import Ending, Product

Guard = Callable[[Product, Work], Refusal | tuple[Refusal, ...] | None]
Effect = Callable[[Product, Work, dict[str, Any]], None]

EXPERT_FROM: Final = Grade.G3
"""The grade from which experts review a product besides the officers."""


def owner_is_active(product: Product, work: Work) -> Refusal | None:
    """Refuse for an owner who may begin nothing."""
    found = organisations.find(work.session, product.owner_id)
    if found.state != organisations.State.ACTIVE:
        return Refusal("ORG_RESTRICTED", "产品所有者未处于正常状态", "the owner is not active")
    return None


def rules_hold(product: Product, work: Work) -> tuple[Refusal, ...]:
    """Refuse by every listing rule that its current version breaks."""
    version = versions.find(work.session, product.current_version_id)
    return listing.refusals(version, product.owner_id, work)


def data_is_there(product: Product, work: Work) -> Refusal | None:
    """Refuse to submit a draft whose rows were removed while nobody touched it."""
    version = versions.find(work.session, product.current_version_id)
    data = version.dataset_version_id
    if data is None or not removals.is_removed(work, data):
        return None
    return Refusal(
        "DATA_REMOVED",
        "此草稿久未使用，其数据已按规则清理，请重新上传并改用新版本",
        "the draft lay unused and its rows were removed: upload them again and name that version",
    )


def reviewer_is_unrelated(product: Product, work: Work) -> Refusal | None:
    """Refuse who belongs to the owner, or to a relative of it, by any membership (I-17)."""
    if Role.SYSTEM in work.actor.roles:
        return None
    near = relations.related(work.session, product.owner_id, on=local_date(work.now))
    serves = {one.organisation_id for one, _ in people.memberships(work.session, work.actor.person)}
    if near.isdisjoint({work.actor.organisation, *serves}):
        return None
    zh, en = (
        "您任职的机构与产品所有者有关联，应当回避",
        "you belong to the owner, or a relative of it",
    )
    return Refusal("NOT_IMPARTIAL", zh, en)


MAY_BE_LISTED: Final[tuple[Guard, ...]] = (owner_is_active, rules_hold)
"""What must hold whenever a product goes to the market, or back to it."""


def publicity_is_over(product: Product, work: Work) -> Refusal | None:
    """Refuse while the publicity runs."""
    clock = watch.running(work.session, product.id)
    if clock is not None and clock.due_on >= local_date(work.now):
        return Refusal(
            "PUBLICITY_RUNNING", f"公示至 {clock.due_on}", f"in publicity until {clock.due_on}"
        )
    return None


def needs_no_expert(product: Product, work: Work) -> Refusal | None:
    """Refuse to pass by the experts with what is graded high, or holds people's data."""
    version = versions.find(work.session, product.current_version_id)
    if Grade(version.grade) < EXPERT_FROM and version.pi_class == PiClass.NONE:
        return None
    return Refusal(
        "EXPERT_REVIEW_NEEDED",
        "三级以上或含个人信息的产品须经专家评审",
        "data of grade 3 and above, or of persons, is reviewed by experts",
    )


def notice_is_over(product: Product, work: Work) -> Refusal | None:
    """Refuse to delist before the notice (摘牌预告) has run."""
    clock = watch.running(work.session, product.id)
    if clock is not None and clock.due_on >= local_date(work.now):
        return Refusal(
            "NOTICE_RUNNING", f"摘牌预告期至 {clock.due_on}", f"on notice until {clock.due_on}"
        )
    return None


def went_with_its_authorisation(product: Product, _work: Work) -> Refusal | None:
    """Refuse for what was suspended for another cause than its authorisation's."""
    if product.suspended_with is not None:
        return None
    return Refusal(
        "SUSPENDED_OTHERWISE", "产品另因他故暂停", "something else has suspended the product"
    )


def valid_until(product: Product, work: Work) -> date:
    """Return the last day of a listing that begins today (I-18).

    The end of the longest term, or of the right to operate if that comes sooner.
    """
    version = versions.find(work.session, product.current_version_id)
    today = local_date(work.now)
    longest = months.later(today, work.rules.number("listing.term_months"))
    ends = rights.operable_until(work, version, product.owner_id)
    return longest if ends is None else min(longest, ends)


def down(product: Product, _work: Work, data: dict[str, Any]) -> None:
    """Note the authorisation that takes the product down with it."""
    product.suspended_with = data.get("authorisation_id")


def up(product: Product, _work: Work, _data: dict[str, Any]) -> None:
    """Forget with which authorisation it was down."""
    product.suspended_with = None


def ended(kind: Ending) -> Effect:
    """Return the effect that writes how the listing ended."""

    def effect(product: Product, _work: Work, _data: dict[str, Any]) -> None:
        product.suspended_with = None
        product.ended_as = kind.value

    return effect
