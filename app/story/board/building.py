"""How the board is built: each slice uploaded, read, described, listed by its officers, admitted.

Every slice goes through the doors of the domain that any product goes through; nothing is
written past a rule. What is there already is left alone, so that a building that was
stopped goes on where it stopped, and one that is over does nothing.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from app import demonstration, unit
from app.house import House
from app.intake import bulk
from app.intake.bulk import Batch, File, Loader
from app.story import entry, market
from app.story.board.slices import Slice
from app.story.sixteen import beats
from delivery.intake import uploads
from delivery.tables import datasets, slicing
from kernel import ids
from kernel.actor import SYSTEM, Actor
from kernel.clock import local_date
from kernel.errors import NotFound
from kernel.parties import organisations, people
from kernel.work import Work
from marketplace import admissions, boards, products
from marketplace.boarding import figures, requests
from marketplace.boards import Board
from marketplace.listings import materials, rights
from marketplace.listings.materials import Material, Paper
from marketplace.listings.rights import Granted, Right
from marketplace.products import Product, State
from marketplace.seeking import products as seeking
from marketplace.shelving import prefill, rounds

BEGINS_BEFORE: Final = timedelta(days=14)
"""How long ago a new demonstration begins: long enough for a publicity."""

STEPS: Final = 5
"""How often each slice is told of: submitted, passed three times, listed."""

ROUND: Final = 50
"""Products that one officer passes in one unit of work."""

_STATED: Final = {
    Material.SOURCE_STATEMENT: "数据为公开观测资料，来源与许可载于各产品说明及许可文件，"
    "未混入其他来源。",
    Material.COMPLIANCE_STATEMENT: "数据不含个人信息与重要数据，按原许可注明出处后可再提供，"
    "内容与流通符合法律法规。",
}
_BELONGS: Final = "气象观测数据，注明站点、时段与缺测。"
_STATEMENT: Final[Any] = {
    "size_bytes": 2_150_400_000_000_000,
    "basis_zh": "据公开报道，所参照的真实气象专板归集数据 2,150.4 TB。本演示未持有这些数据，"
    "此处在架的是其体量极小的真实公开观测切片。",
    "basis_en": "Reported of the real meteorological board that this one is modelled on: 2,150.4 "
    "TB. None of it is held here; what is listed are slices of real open observations.",
}
"""What the sponsor states of the board, and what that is."""

_REVIEWS: Final[tuple[tuple[State, str, str, dict[str, str]], ...]] = (
    (State.FORMAL_CHECK, "pass_formal", "listing", {}),
    (State.COMPLIANCE_REVIEW, "pass_compliance", "compliance", market.COMPLIANT),
    (State.SECURITY_REVIEW, "pass_security", "security", {}),
)
"""In which state a product waits for whom, to take which step, and what is said with it."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a building has done. refused: code and reason of each that was not let through."""

    listed: int
    admitted: int
    refused: list[tuple[str, str]]


@dataclass(slots=True)
class Building:
    """One building: the house, and whom it tells that one more slice is done with."""

    house: House
    told: Callable[[int], object]
    refused: list[tuple[str, str]] = field(default_factory=list)

    def go_on(self, wanted: Sequence[Slice]) -> Built:
        """Build what is not there yet of these slices. Raises LookupError without the cast."""
        board_id = self._as("listing", _board)
        basis = self._as("merchant", _papers)
        for some in self._described(wanted):
            self._as("merchant", partial(_submitted, some=some, basis_id=basis))
            self.told(len(some))
            # While the next batch is read.
            self._review(some)
        self._review(wanted)
        self._wait()
        self._pass(wanted, State.PUBLICITY, "list", "listing", {})
        listed = self._ids(wanted, State.LISTED)
        for start in range(0, len(listed), ROUND):
            some_ids = listed[start : start + ROUND]
            asked = self._as("merchant", partial(_asked, board_id=board_id, ids=some_ids))
            self.refused += [(each.subject_id, each.error.en) for each in asked]
        admitted = 0
        while (more := self._as("listing", partial(_admitted, board_id=board_id))) != 0:
            admitted += more
        self._as("dept", partial(_declared, board_id=board_id))
        return Built(len(listed), admitted, self.refused)

    def _described(self, wanted: Sequence[Slice]) -> Iterator[list[Slice]]:
        """Give the slices whose data sets are there, while those of the next batch are read."""
        left = self._as("merchant", partial(_left, wanted=wanted))
        reading: tuple[Batch, list[Slice]] | None = None
        with ExitStack() as stack:
            cut = stack.enter_context(_cutter())
            loader = stack.enter_context(Loader(self.house, self._actor("merchant")))
            loader.clear([file_name(each) for each in left])
            for start in range(0, len(left), bulk.BATCH):
                some = left[start : start + bulk.BATCH]
                there = self._as("merchant", partial(_there, some=some))
                files = [cut(each) for each in some if each.code not in there]
                begun = loader.begin(files) if files else Batch([])
                if reading is not None:
                    yield reading[1]
                loader.end(begun)
                reading = begun, some
            if reading is not None:
                yield reading[1]

    def _review(self, wanted: Sequence[Slice]) -> None:
        for state, step, officer, said in _REVIEWS:
            self._pass(wanted, state, step, officer, said)

    def _pass(
        self, wanted: Sequence[Slice], state: State, step: str, officer: str, said: dict[str, str]
    ) -> None:
        told_of = {product_id for product_id, _ in self.refused}
        waiting = [each for each in self._ids(wanted, state) if each not in told_of]
        for start in range(0, len(waiting), ROUND):
            some = waiting[start : start + ROUND]
            told = self._as(officer, partial(_passed, ids=some, step=step, said=said))
            self.refused += [(each.product_id, each.error.en) for each in told]
            self.told(len(some))

    def _wait(self) -> None:
        """Let the days of the publicity pass, where anything is in it."""

        def command(work: Work) -> None:
            if not products.in_publicity(work.session, after=None, limit=1).items:
                return
            days = work.rules.table("clocks.product_publicity")["limit_wd"]
            over = work.calendar.due(local_date(work.now), int(str(days)) + 1).date
            demonstration.set_to(
                work, work.now + timedelta(days=(over - local_date(work.now)).days)
            )

        unit.committed(self.house, SYSTEM, command)

    def _ids(self, wanted: Sequence[Slice], state: State) -> list[str]:
        codes = [each.code for each in wanted]
        found = self._as("merchant", partial(_by_code, codes=codes))
        return [product_id for product_id, at in found if at == state]

    def _as(self, login: str, command: Callable[[Work], Any]) -> Any:
        return unit.committed(self.house, self._actor(login), command, ring=False)

    def _actor(self, login: str) -> Actor:
        with self.house.engines.reading() as session:
            return beats.signed_in(session, f"{login}@demo")


def is_furnished(house: House) -> bool:
    """Tell whether the cast of the demonstration is there. One SELECT."""
    with house.engines.reading() as session:
        return people.by_login(session, "merchant@demo") is not None


@contextmanager
def _cutter() -> Iterator[Callable[[Slice], File]]:
    """Give what cuts a slice into a file of its own; each source is read once."""
    with (
        tempfile.TemporaryDirectory(prefix="databourse-board-") as folder,
        slicing.knife() as knife,
    ):

        def cut(wanted: Slice) -> File:
            path = Path(folder) / file_name(wanted)
            knife.cut(wanted.source.name, wanted.source.rows, wanted.select, path)
            return File(path.name, wanted.zh, path)

        yield cut


def file_name(wanted: Slice) -> str:
    """Return what the file of a slice is called."""
    return f"{wanted.code}.parquet"


def _board(work: Work) -> str:
    try:
        return boards.by_code(work.session, market.BOARD["code"]).id
    except NotFound:
        firms = {key: beats.signed_in(work.session, f"{login}@demo").organisation
                 for key, login in (("sponsor_id", "dept"), ("curator_id", "listing"))}  # fmt: skip
        with ids.drawn(market.BOARD["code"]):
            made: Board = boards.create(work, **market.BOARD, **firms)
        return made.id


def _papers(work: Work) -> str:
    """See to it that the merchant's documents cover all that it lists; return the basis."""
    there = materials.in_force(materials.of(work.session, work.actor.organisation, None))
    for kind, said in _STATED.items():
        if kind not in there:
            materials.state(work, kind, said)
    paper = Paper("licences.pdf", entry.paper("Licences of open data"), local_date(work.now))
    if Material.SOURCE_PROOF not in there:
        materials.file(work, Material.SOURCE_PROOF, paper)
    basis = there.get(Material.RIGHTS_BASIS) or materials.file(work, Material.RIGHTS_BASIS, paper)
    return basis.id


def _left(work: Work, wanted: Sequence[Slice]) -> list[Slice]:
    found = seeking.own_codes(work, [each.code for each in wanted])
    done = {code for code, product in found.items() if product.state != State.DRAFT}
    return [each for each in wanted if each.code not in done]


def _there(work: Work, some: Sequence[Slice]) -> dict[str, str]:
    """Return code → data set, of slices that were loaded. One SELECT."""
    names = {file_name(each): each.code for each in some}
    return {
        names[upload.name]: upload.dataset_id
        for upload in uploads.called(work, names)
        if upload.state == uploads.State.LOADED
    }


def _submitted(work: Work, some: Sequence[Slice], basis_id: str) -> None:
    """Describe slices as products and submit them, by what was measured in their data."""
    there = _there(work, some)
    before = seeking.own_codes(work, [each.code for each in some])
    # Looked up once for all of them, as long as they are held.
    at_hand = [
        organisations.find(work.session, work.actor.organisation),
        *(datasets.own(work, dataset_id) for dataset_id in there.values()),
    ]
    for each in some:
        product = before.get(each.code)
        written = [] if product is None else rights.of(work.session, product.id)
        product = product or _drafted(work, each, there[each.code])
        _, version = products.show(work, product.id)
        if not written:
            rights.record(work, version.product_id, _granted(work, each, basis_id))
        products.take(work, version.product_id, "submit")
    del at_hand


def _drafted(work: Work, wanted: Slice, dataset_id: str) -> Product:
    version = datasets.version(work.session, dataset_id)
    content: Any = wanted.content(dict(prefill.of(work, version.id)))
    with ids.drawn(wanted.code):
        made = products.create(work, wanted.code, **content)
    # Its steps look it up by its id.
    work.session.flush()
    return made


def _granted(work: Work, wanted: Slice, basis_id: str) -> Granted:
    return Granted(
        source=wanted.source.licence,
        right=Right.OPERATE,
        grantor_name=wanted.source.licence,
        basis_id=basis_id,
        regions=wanted.source.regions,
        valid_from=local_date(work.now),
    )


def _by_code(work: Work, codes: Sequence[str]) -> list[tuple[str, str]]:
    found = seeking.own_codes(work, codes)
    return [(found[code].id, found[code].state) for code in codes if code in found]


def _passed(work: Work, ids: Sequence[str], step: str, said: dict[str, str]) -> list[rounds.Barred]:
    return rounds.take(work, ids, step, **said)


def _asked(work: Work, board_id: str, ids: Sequence[str]) -> list[requests.Barred]:
    there = admissions.on(work.session, board_id, ids)
    asked = requests.waiting(work.session, board_id, ids)
    left = [product_id for product_id in ids if product_id not in there | asked]
    return requests.file_all(work, board_id, left, note=_BELONGS)


def _admitted(work: Work, board_id: str) -> int:
    """Let in what waits, up to a round; return how many there were."""
    page = requests.listed(
        work, board_id=board_id, state=requests.State.ASKED, after=None, limit=ROUND
    )
    ids = [each.id for each in page.items]
    return len(ids) - len(requests.answer_all(work, ids, "admit"))


def _declared(work: Work, board_id: str) -> None:
    """Let the sponsor state what is reported of a real board, as a statement, once."""
    if figures.declared(work.session, board_id) is None:
        figures.declare(work, board_id, as_of=local_date(work.now), **_STATEMENT)
