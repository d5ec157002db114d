"""What a buyer says of a demand, and what is wrong with it."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, TypedDict

from catalogue.grades import Mode, Term
from kernel.errors import Invalid
from kernel.parties import organisations
from kernel.work import Work
from marketplace.versions import Field, Frequency

ITEMS_MAX: Final = 50
INVITED_MAX: Final = 50
REGIONS_MAX: Final = 40


class Visibility(Term):
    """Who may see a demand and answer it."""

    PUBLIC = "public", "公开", "everybody"
    INVITED = "invited", "定向邀请", "who is invited"


class Wish(TypedDict, total=False):
    """What a buyer says of a demand; see Demand. invited: organisations."""

    title: str
    wanted: str
    purpose: str
    field: str
    items: list[dict[str, str]]
    regions: list[str]
    update_frequency: str
    delivery_mode: str | None
    budget_min: int | None
    budget_max: int | None
    deadline: date
    visibility: str
    invited: list[str]
    broadcast: bool


UNSAID: Final[Wish] = {
    "items": [],
    "regions": [],
    "update_frequency": "",
    "delivery_mode": None,
    "budget_min": None,
    "budget_max": None,
    "visibility": Visibility.PUBLIC,
    "invited": [],
    "broadcast": False,
}


def check(work: Work, given: Mapping[str, Any]) -> None:
    """Raise Invalid, with a pointer, for a wish that cannot be meant; NotActive (invited)."""
    for name in ("title", "wanted", "purpose"):
        if not str(given.get(name) or "").strip():
            raise Invalid("此项不能为空", f"{name} is empty", pointer=f"/{name}")
    if given.get("field") not in {term.value for term in Field}:
        raise Invalid("没有这个应用领域", "there is no such field", pointer="/field")
    if given["update_frequency"] not in {"", *(term.value for term in Frequency)}:
        raise Invalid("没有这个更新频率", "no such frequency", pointer="/update_frequency")
    if given["delivery_mode"] not in {None, *(term.value for term in Mode)}:
        raise Invalid("没有这种交付方式", "there is no such mode", pointer="/delivery_mode")
    _check_lists(given)
    _check_budget(given)
    _check_invited(work, given)


def _check_lists(given: Mapping[str, Any]) -> None:
    bounds = {"items": ITEMS_MAX, "regions": REGIONS_MAX, "invited": INVITED_MAX}
    for name, most in bounds.items():
        if len(given[name]) > most:
            raise Invalid(f"最多 {most} 项", f"at most {most}", pointer=f"/{name}")
    for region in given["regions"]:
        if not organisations.REGION.fullmatch(region):
            raise Invalid("行政区划代码不正确", "this is no region", pointer="/regions")


def _check_budget(given: Mapping[str, Any]) -> None:
    least, most = given["budget_min"], given["budget_max"]
    if least is not None and most is not None and most < least:
        raise Invalid("预算上限低于下限", "the budget is backwards", pointer="/budget_max")


def _check_invited(work: Work, given: Mapping[str, Any]) -> None:
    invited: list[str] = given["invited"]
    if given["visibility"] not in {term.value for term in Visibility}:
        raise Invalid("没有这种公开范围", "there is no such visibility", pointer="/visibility")
    if (given["visibility"] == Visibility.INVITED) != bool(invited):
        zh, en = "定向邀请须且仅须列明受邀机构", "an invitation names who is invited, and no other"
        raise Invalid(zh, en, pointer="/invited")
    for organisation_id in invited:
        organisations.require_active(work.session, organisation_id)
