"""What may be used, by whom, where, when, how much, in which form: S′ ⊑ S. Pure.

A scope is a box of permissions. `fits` tells where an inner box sticks out of an outer
one; by it an authorisation is held inside its assessment, an assessment inside the
supply agreements, and each use inside the authorisation.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from kernel.errors import DomainError, Invalid, Kind, Refusal
from kernel.words import Words

# The vocabulary of scopes is spoken as scope.OutputForm, wherever it is defined.
from licensing.exposures import Environment as Environment
from licensing.exposures import OutputForm as OutputForm
from licensing.exposures import Transform as Transform
from licensing.misfits import ANYTHING, Misfit, Part, misfit

ANYONE: Final = ANYTHING
"""The user who is everybody: among `users` it stands alone."""

COUNTRY: Final = "000000"
"""The region that is the whole country."""

Item: TypeAlias = tuple[str, str]
"""(directory code, item code) of one data item."""

Digest: TypeAlias = Callable[[bytes], str]
"""A hash of bytes, in hex: `work.crypto.digest`."""


class Period(NamedTuple):
    """Days from `first` to `last`, both included."""

    first: date
    last: date


class NothingInCommon(DomainError):
    """Scopes that were to be used together allow no common purpose, or no common day."""

    kind = Kind.CONFLICT
    code = "nothing-in-common"
    title = Words("各范围没有共同部分", "The scopes have nothing in common")


@dataclass(frozen=True, slots=True)
class Scope:
    """A box of permissions, kept in canonical form: equal scopes mean the same.

    purpose_code, purpose_fingerprint: both None for any purpose; a code without a
    fingerprint for any purpose of that code. items: each with the weakest treatment
    allowed; none for no data. row_filters: all of them hold; none for every row.
    users: organisation ids and classes ("class:insurer"); ANYONE for everybody, none for
    nobody. regions: GB/T 2260 codes, each with all below it; COUNTRY for everywhere, none
    for nowhere. quotas: meter → limit; a meter that is not named is not limited.
    output_forms: none when nothing may leave. environments: each with every stricter
    one, so only the weakest is kept; none when nothing may run.
    Raises Invalid for a code or number that cannot be meant.
    """

    purpose_code: str | None
    purpose_fingerprint: str | None
    items: Mapping[Item, Transform]
    row_filters: frozenset[str]
    users: frozenset[str]
    regions: frozenset[str]
    period: Period
    quotas: Mapping[str, int]
    output_forms: frozenset[OutputForm]
    environments: frozenset[Environment]

    def __post_init__(self) -> None:
        _check(self)
        canonical: dict[str, Any] = {
            "row_filters": frozenset(self.row_filters),
            "output_forms": frozenset(self.output_forms),
            "items": MappingProxyType(dict(sorted(self.items.items()))),
            "users": frozenset({ANYONE}) if ANYONE in self.users else frozenset(self.users),
            "regions": _outermost(frozenset(self.regions)),
            "quotas": MappingProxyType(dict(sorted(self.quotas.items()))),
            "environments": frozenset(sorted(self.environments)[:1]),
        }
        for name, value in canonical.items():
            object.__setattr__(self, name, value)


def fits(inner: Scope, outer: Scope) -> tuple[Misfit, ...]:
    """Return everything in which `inner` goes beyond `outer`; empty when inner ⊑ outer."""
    return tuple(misfit for part in _PARTS for misfit in part(inner, outer))


def mend(inner: Scope, found: Misfit) -> Scope:
    """Return `inner` with what would fit in the place of what does not.

    Mending every misfit of a part makes that part fit. A part may end empty, which
    fits everywhere and allows nothing.
    """
    return replace(inner, **_MENDING[found.part](inner, found))


def join(scopes: Sequence[Scope], items: Collection[Item] | None = None) -> Scope:
    """Return what several grantors allow together: all their items, under the terms of each.

    items: the items that are wanted; a scope that holds none of them takes no part.
    What fits the result fits, item by item, the scope that grants the item; so the
    result is the parent of an authorisation under several supply agreements. An item
    granted twice is granted on the stricter terms.
    Raises NothingInCommon when no scope takes part, or when those that do agree on no
    purpose or no day.
    """
    involved = [s for s in scopes if items is None or not s.items.keys().isdisjoint(items)]
    if not involved:
        raise NothingInCommon("没有范围提供所需的数据项", "no scope supplies any of the items")
    return reduce(_together, involved)


def covers(outer: str, inner: str) -> bool:
    """Tell whether region `inner` is region `outer` or lies in it (prefixes of GB/T 2260)."""
    if outer == COUNTRY:
        return True
    significant = 2 if outer.endswith("0000") else 4 if outer.endswith("00") else 6
    return inner.startswith(outer[:significant])


def admits(users: Collection[str], organisation: str, *, classes: Collection[str] = ()) -> bool:
    """Tell whether an organisation is among `users`, by its id or by one of its classes."""
    return ANYONE in users or organisation in users or not set(classes).isdisjoint(users)


def purpose_fingerprint(
    purpose_code: str,
    application_field: str,
    *,
    use_mode: str,
    purpose_text: str,
    output_forms: Iterable[OutputForm],
    digest: Digest,
) -> str:
    """Return the hash by which a purpose is known again, however its text is spaced.

    Case, width of characters (NFKC) and white space of `purpose_text` make no difference.
    """
    text = " ".join(unicodedata.normalize("NFKC", purpose_text).casefold().split())
    forms = sorted({form.value for form in output_forms})
    return digest(_bytes([purpose_code, application_field, use_mode, text, forms]))


def scope_hash(scope: Scope, digest: Digest) -> str:
    """Return the hash of the canonical form: equal exactly for scopes that mean the same."""
    return digest(_bytes(to_json(scope)))


def to_json(scope: Scope) -> dict[str, Any]:
    """Return the canonical form as JSON: codes and whole numbers, every list sorted."""
    return {
        "purpose_code": scope.purpose_code,
        "purpose_fingerprint": scope.purpose_fingerprint,
        "items": [
            {"directory": directory, "item": item, "transform": transform.value}
            for (directory, item), transform in scope.items.items()
        ],
        "row_filters": sorted(scope.row_filters),
        "users": sorted(scope.users),
        "regions": sorted(scope.regions),
        "period": {"from": str(scope.period.first), "to": str(scope.period.last)},
        "quotas": dict(scope.quotas),
        "output_forms": [form.value for form in sorted(scope.output_forms)],
        "environments": [environment.value for environment in scope.environments],
    }


def from_json(written: Mapping[str, Any]) -> Scope:
    """Return the scope that `to_json` wrote. Raises Invalid when it is not one."""
    try:
        return Scope(
            purpose_code=written["purpose_code"],
            purpose_fingerprint=written["purpose_fingerprint"],
            items={
                (entry["directory"], entry["item"]): Transform(entry["transform"])
                for entry in written["items"]
            },
            row_filters=frozenset(written["row_filters"]),
            users=frozenset(written["users"]),
            regions=frozenset(written["regions"]),
            period=_period_of(written["period"]["from"], written["period"]["to"]),
            quotas=written["quotas"],
            output_forms=frozenset(map(OutputForm, written["output_forms"])),
            environments=frozenset(map(Environment, written["environments"])),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Invalid("使用范围的格式不正确", f"this is not a scope: {error!r}") from error


def _check(scope: Scope) -> None:
    code = scope.purpose_code
    if code is not None and not re.fullmatch("[a-z][a-z0-9_]*", code):
        raise Invalid("用途代码不正确", f"{code!r} is no purpose code", pointer="/purpose_code")
    if code is None and scope.purpose_fingerprint is not None:
        raise Invalid(
            "用途指纹须有用途代码", "a fingerprint needs its code", pointer="/purpose_code"
        )
    for region in scope.regions:
        if not re.fullmatch("000000|(?!00)[0-9]{6}", region):
            raise Invalid("行政区划代码不正确", f"{region!r} is no region", pointer="/regions")
    if scope.period.first > scope.period.last:
        raise Invalid("期限的起日晚于止日", "the period ends before it begins", pointer="/period")
    for meter, limit in scope.quotas.items():
        if type(limit) is not int or limit < 0:
            raise Invalid(
                "限额须为非负整数", f"quota {meter!r} is no whole number", pointer="/quotas"
            )


def _outermost(regions: frozenset[str]) -> frozenset[str]:
    return frozenset(region for region in regions if not _covered(region, regions - {region}))


def _covered(region: str, regions: Collection[str]) -> bool:
    return any(covers(other, region) for other in regions)


def _purpose(inner: Scope, outer: Scope) -> Iterator[Misfit]:
    same_code = outer.purpose_code in (None, inner.purpose_code)
    if not (same_code and outer.purpose_fingerprint in (None, inner.purpose_fingerprint)):
        yield misfit(Part.PURPOSE, _purpose_of(inner), fitting=(_purpose_of(outer),))


def _items(inner: Scope, outer: Scope) -> Iterator[Misfit]:
    for item, transform in inner.items.items():
        weakest = outer.items.get(item)
        if weakest is None:
            yield misfit(Part.ITEM, transform, at=item)
        elif transform < weakest:
            yield misfit(Part.TRANSFORM, transform, fitting=(weakest,), at=item)


def _row_filters(inner: Scope, outer: Scope) -> Iterator[Misfit]:
    for missing in sorted(outer.row_filters - inner.row_filters):
        yield misfit(Part.FILTER, "", fitting=(missing,))


def _users(inner: Scope, outer: Scope) -> Iterator[Misfit]:
    if ANYONE not in outer.users:
        for user in sorted(inner.users - outer.users):
            fitting = tuple(sorted(outer.users)) if user == ANYONE else ()
            yield misfit(Part.USER, user, fitting=fitting)


def _regions(inner: Scope, outer: Scope) -> Iterator[Misfit]:
    for region in sorted(inner.regions):
        if not _covered(region, outer.regions):
            within = sorted(allowed for allowed in outer.regions if covers(region, allowed))
            yield misfit(Part.REGION, region, fitting=tuple(within))


def _period(inner: Scope, outer: Scope) -> Iterator[Misfit]:
    overlap = _overlap(inner.period, outer.period)
    if overlap != inner.period:
        fitting = _written(overlap or outer.period)
        yield misfit(Part.PERIOD, _written(inner.period), fitting=(fitting,))


def _quotas(inner: Scope, outer: Scope) -> Iterator[Misfit]:
    for meter, limit in outer.quotas.items():
        asked = inner.quotas.get(meter)
        if asked is None or asked > limit:
            value = ANYTHING if asked is None else str(asked)
            yield misfit(Part.QUOTA, value, fitting=(str(limit),), at=(meter,))


def _output_forms(inner: Scope, outer: Scope) -> Iterator[Misfit]:
    for form in sorted(inner.output_forms - outer.output_forms):
        yield misfit(Part.OUTPUT_FORM, form)


def _environments(inner: Scope, outer: Scope) -> Iterator[Misfit]:
    for weakest in inner.environments:
        if not any(weakest >= required for required in outer.environments):
            yield misfit(Part.ENVIRONMENT, weakest, fitting=tuple(outer.environments))


# fmt: off
_PARTS: Final = (
    _purpose, _items, _row_filters, _users, _regions, _period, _quotas, _output_forms,
    _environments,
)
# fmt: on

# What mending a part changes, as fields of the scope.
_MENDING: Final[Mapping[Part, Callable[[Scope, Misfit], dict[str, Any]]]] = {
    Part.PURPOSE: lambda _, found: _purpose_from(found.fitting[0]),
    Part.ITEM: lambda scope, found: {
        "items": {item: how for item, how in scope.items.items() if item != found.at}
    },
    Part.TRANSFORM: lambda scope, found: {
        "items": {**scope.items, found.at: Transform(found.fitting[0])}
    },
    Part.FILTER: lambda scope, found: {"row_filters": scope.row_filters.union(found.fitting)},
    Part.USER: lambda scope, found: {"users": (scope.users - {found.value}).union(found.fitting)},
    Part.REGION: lambda scope, found: {
        "regions": (scope.regions - {found.value}).union(found.fitting)
    },
    Part.PERIOD: lambda _, found: {"period": _period_of(*found.fitting[0].split("/"))},
    Part.QUOTA: lambda scope, found: {
        "quotas": {**scope.quotas, found.at[0]: int(found.fitting[0])}
    },
    Part.OUTPUT_FORM: lambda scope, found: {
        "output_forms": scope.output_forms - {OutputForm(found.value)}
    },
    Part.ENVIRONMENT: lambda _, found: {"environments": frozenset(map(Environment, found.fitting))},
}


def _together(one: Scope, other: Scope) -> Scope:
    both = {
        item: max(scope.items[item] for scope in (one, other) if item in scope.items)
        for item in {**one.items, **other.items}
    }
    return Scope(
        *_common_purpose(one, other),
        items=both,
        row_filters=one.row_filters | other.row_filters,
        users=_common_users(one.users, other.users),
        regions=frozenset(region for region in one.regions if _covered(region, other.regions))
        | {region for region in other.regions if _covered(region, one.regions)},
        period=_common_period(one.period, other.period),
        quotas={
            meter: min(scope.quotas[meter] for scope in (one, other) if meter in scope.quotas)
            for meter in {**one.quotas, **other.quotas}
        },
        output_forms=one.output_forms & other.output_forms,
        environments=_common_environments(one.environments, other.environments),
    )


def _common_purpose(one: Scope, other: Scope) -> tuple[str | None, str | None]:
    for narrow, wide in ((one, other), (other, one)):
        if not list(_purpose(narrow, wide)):
            return narrow.purpose_code, narrow.purpose_fingerprint
    raise _apart(Part.PURPOSE, "各范围没有共同的用途", "the scopes allow no common purpose")


def _common_users(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    if ANYONE in one:
        return other
    return one if ANYONE in other else one & other


def _common_period(one: Period, other: Period) -> Period:
    overlap = _overlap(one, other)
    if overlap is None:
        raise _apart(Part.PERIOD, "各范围没有共同的期限", "the scopes have no day in common")
    return overlap


def _common_environments(
    one: frozenset[Environment], other: frozenset[Environment]
) -> frozenset[Environment]:
    return frozenset({max(one | other)}) if one and other else frozenset()


def _apart(part: Part, zh: str, en: str) -> NothingInCommon:
    return NothingInCommon(zh, en, (Refusal(part, zh, en),))


def _overlap(one: Period, other: Period) -> Period | None:
    first, last = max(one.first, other.first), min(one.last, other.last)
    return Period(first, last) if first <= last else None


def _period_of(first: str, last: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last))


def _written(period: Period) -> str:
    return f"{period.first}/{period.last}"


def _purpose_of(scope: Scope) -> str:
    return "#".join(filter(None, (scope.purpose_code, scope.purpose_fingerprint))) or ANYTHING


def _purpose_from(written: str) -> dict[str, str | None]:
    code, _, fingerprint = written.partition("#")
    return {"purpose_code": code, "purpose_fingerprint": fingerprint or None}


def _bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
