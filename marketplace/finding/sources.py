"""What each kind of thing says of itself to the index, and when it says so anew.

Products, directories and organisations are looked at again together with every event of
theirs; what has never been looked at (a database from before there was an index) is caught
up with by a job.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from sqlalchemy import exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from catalogue import contents, directories
from catalogue.directories import Directory, DirectoryVersion
from kernel.actor import Role
from kernel.journal import Event
from kernel.parties import organisations, roles
from kernel.parties.organisations import Organisation
from kernel.work import Work
from marketplace import boards, products, versions
from marketplace.aftercare import ratings
from marketplace.demands import demands
from marketplace.demands.demands import Demand
from marketplace.demands.wishes import Visibility
from marketplace.indexing import index
from marketplace.indexing.index import Kind, Said, SearchEntry
from marketplace.products import Product

PUBLIC_ROLES: Final = frozenset(
    {
        Role.MERCHANT,
        Role.SUPPLY_DEPARTMENT,
        Role.AUTHORISED_OPERATOR,
        Role.DATA_AUTHORITY,
        Role.IMPLEMENTING_AGENCY,
        Role.EXCHANGE_OPERATOR,
    }
)
"""The roles by which an organisation is found; who only buys is not shown to everybody."""

_WRITTEN: Final = frozenset({"product.created", "product.revised", "product.amended"})
"""The events by which a product says something else than before."""

_COLUMNS_MAX: Final = 200


def product(session: Session, product_id: str) -> Said:
    """Return what a product says of itself. Five SELECTs on keys and indexes."""
    found = products.find(session, product_id)
    rated = ratings.standings(session, [found.id]).values()
    version = versions.find(session, found.current_version_id)
    facets = {
        ("type", version.product_type),
        ("field", version.application_field),
        ("industry", version.industry),
        ("plan", version.price_plan["kind"]),
        ("mode", version.delivery_mode),
        ("grade", version.grade),
        ("frequency", version.update_frequency),
        ("origin", version.source_kind),
        ("owner", found.owner_id),
        *(("region", place) for place in _places(version.region_coverage)),
        *(("rating", str(level)) for each in rated for level in ratings.levels(*each)),
        *((index.RATED, ratings.place(*each)) for each in rated),
        *(("board", board.code) for board in boards.of(session, found.id)),
    }
    columns = [
        f"{column.get('name', '')} {column.get('meaning', '')}"
        for column in version.dictionary[:_COLUMNS_MAX]
        if isinstance(column, dict)
    ]
    return Said(
        kind=Kind.PRODUCT,
        subject_id=found.id,
        owner_id=found.owner_id,
        code=found.code,
        title_zh=version.title_zh,
        title_en=version.title_en,
        summary=version.intro,
        texts=tuple(columns),
        shown=found.state == products.State.LISTED,
        facets=_told(facets),
    )


def directory(session: Session, directory_id: str) -> Said:
    """Return what a directory says of itself: its published version. Four SELECTs by key."""
    found = directories.find_directory(session, directory_id)
    current = found.current_version_id or ""
    version = directories.find(session, current)
    content = contents.of(session, current)
    items = contents.items(session, current)
    facets = {
        ("industry", content.industry),
        ("frequency", content.update_frequency),
        ("share", content.share_type),
        ("open", content.open_type),
        ("owner", found.department_id),
        *(("region", place) for place in _places(content.spatial)),
    }
    return Said(
        kind=Kind.DIRECTORY,
        subject_id=found.id,
        owner_id=found.department_id,
        code=found.code,
        title_zh=content.title_zh,
        title_en=content.title_en,
        summary=content.abstract,
        texts=(
            *map(str, content.keywords),
            *(f"{item.name_zh} {item.name_en}" for item in items[:_COLUMNS_MAX]),
        ),
        shown=version.state == directories.State.PUBLISHED,
        facets=_told(facets),
    )


def organisation(session: Session, organisation_id: str) -> Said:
    """Return what an organisation says of itself. One or two SELECTs by key."""
    found = organisations.find(session, organisation_id)
    roles = {role for role in found.granted if role in PUBLIC_ROLES}
    facets = {
        *(("role", role.value) for role in roles),
        *(("region", place) for place in _places([found.region])),
    }
    return Said(
        kind=Kind.ORGANISATION,
        subject_id=found.id,
        owner_id=found.id,
        code=found.uscc,
        title_zh=found.name_zh,
        title_en=found.name_en,
        summary="",
        shown=bool(roles) and found.state == organisations.State.ACTIVE,
        facets=_told(facets),
    )


def demand(session: Session, demand_id: str) -> Said:
    """Return what a demand says of itself. One SELECT by key."""
    found = demands.find(session, demand_id)
    facets = {
        ("field", found.field),
        ("frequency", found.update_frequency),
        *(("region", place) for place in _places(found.regions)),
    }
    return Said(
        kind=Kind.DEMAND,
        subject_id=found.id,
        owner_id=found.buyer_id,
        code=found.code,
        title_zh=found.title,
        title_en=found.title,
        summary=found.wanted,
        texts=(found.purpose, *(f"{one['name']} {one['meaning']}" for one in found.items)),
        shown=found.state in demands.OPEN and found.visibility == Visibility.PUBLIC,
        facets=_told(facets),
    )


SAYS: Final[Mapping[Kind, Callable[[Session, str], Said]]] = {
    Kind.PRODUCT: product,
    Kind.DIRECTORY: directory,
    Kind.ORGANISATION: organisation,
    Kind.DEMAND: demand,
}


def refresh(work: Work, kind: Kind, subject_id: str) -> None:
    """Let a thing be found as it is now. Raises NotFound."""
    # What has just been changed is not on the database yet, and is looked at there.
    work.session.flush()
    index.put(work.session, SAYS[kind](work.session, subject_id))


def product_moved(work: Work, event: Event) -> None:
    """Together with any event of a product.

    While nobody finds it, only what it says anew is looked at: a review changes no word. What
    has never been listed is never found.
    """
    product = products.find(work.session, event.subject)
    moved = product.state == products.State.LISTED or event.kind in _WRITTEN
    if moved or (product.listed_at and index.is_shown(work.session, Kind.PRODUCT, product.id)):
        refresh(work, Kind.PRODUCT, product.id)


def board_moved(work: Work, event: Event) -> None:
    """Together with an admission to a board, or a dismissal from it."""
    refresh(work, Kind.PRODUCT, event.data["product"])


def rating_given(work: Work, event: Event) -> None:
    """Together with a rating: its product is found by what it is rated."""
    # The rating is not on the database yet, and is counted there.
    work.session.flush()
    refresh(work, Kind.PRODUCT, ratings.find(work.session, event.subject).product_id)


def directory_moved(work: Work, event: Event) -> None:
    """Together with a version of a directory that is published, suspended or revoked."""
    version = work.session.get(DirectoryVersion, event.subject)
    if version is None:
        return  # it is not kept any more, and so not found
    directory_of = directories.find_directory(work.session, version.directory_id)
    if directory_of.current_version_id is not None:
        refresh(work, Kind.DIRECTORY, directory_of.id)


def organisation_moved(work: Work, event: Event) -> None:
    """Together with any event of an organisation that was entered."""
    refresh(work, Kind.ORGANISATION, event.subject)


def role_moved(work: Work, event: Event) -> None:
    """Together with any event of a role: by its roles an organisation is shown or not."""
    refresh(work, Kind.ORGANISATION, roles.find(work.session, event.subject).organisation_id)


def demand_moved(work: Work, event: Event) -> None:
    """Together with any event of a demand."""
    refresh(work, Kind.DEMAND, event.subject)


def catch_up(work: Work, *, limit: int) -> int:
    """Index what the index has never heard of; return how many things, `limit` of a kind.

    Costs one look at the index for each thing that there is.
    """
    return sum(_caught_up(work, kind, column, limit) for kind, column in _SUBJECTS.items())


def rebuild(work: Work, kind: Kind, *, after: str, limit: int) -> tuple[str | None, int]:
    """Index the next `limit` things of a kind anew; return the last id and how many they were.

    The id is None when there are no more.
    """
    column = _SUBJECTS[kind]
    statement = select(column).where(column > after, *_READY.get(kind, ()))
    found = list(work.session.scalars(statement.order_by(column).limit(limit)))
    for subject_id in found:
        refresh(work, kind, subject_id)
    return (found[-1] if len(found) == limit else None), len(found)


_SUBJECTS: Final[Mapping[Kind, InstrumentedAttribute[str]]] = {
    Kind.PRODUCT: Product.id,
    Kind.DIRECTORY: Directory.id,
    Kind.ORGANISATION: Organisation.id,
    Kind.DEMAND: Demand.id,
}
_READY: Final[Mapping[Kind, tuple[Any, ...]]] = {
    Kind.DIRECTORY: (Directory.current_version_id.is_not(None),),
}


def _caught_up(work: Work, kind: Kind, column: InstrumentedAttribute[str], limit: int) -> int:
    known = exists().where(SearchEntry.kind == kind, SearchEntry.subject_id == column)
    statement = select(column).where(~known, *_READY.get(kind, ()))
    found = list(work.session.scalars(statement.order_by(column).limit(limit)))
    for subject_id in found:
        refresh(work, kind, subject_id)
    return len(found)


def _places(regions: Iterable[str]) -> set[str]:
    """Return the prefectures of some regions of GB/T 2260: counties count with theirs."""
    return {f"{region[:4]}00" for region in regions}


def _told(facets: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset((facet, value) for facet, value in facets if value)
