"""The client: what one buyer finds, has bought, reads and downloads at one exchange."""

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from urllib.parse import quote

from databourse_client import frames, packs, parcels, passes, profiles, tables
from databourse_client.profiles import Profile
from databourse_client.troubles import Trouble
from databourse_client.wire import Progress, Wire

if TYPE_CHECKING:
    import pandas as pd

Way: TypeAlias = Literal["share", "package", "api", "hand", "aggregates"]
WAYS: Final = ("share", "package", "api", "hand", "aggregates")
"""The ways of reading, the one that is taken first when several are open first."""

AGGREGATES_MAX: Final = 10_000
"""Rows that one read of aggregates gives."""

_ID: Final = re.compile(r"[a-z]{3}_[0-9A-Za-z]{1,40}")


class NotReadable(Trouble):
    """No way of this delivery gives rows to read; the reasons are told."""

    status = 3


def connect(
    url: str | None = None, token: str | None = None, *, profile: str | None = None
) -> "Client":
    """Return a client of an exchange: as named here, else in variables, else in the profile.

    Raises BadProfile.
    """
    return Client(profiles.load(profile, url=url, token=token))


class Client:
    """One caller at one exchange."""

    def __init__(self, profile: Profile, *, progress: Progress | None = None) -> None:
        """Touches no network. progress: is told of each block of a download."""
        self.profile = profile
        self.progress = progress
        self.wire = Wire(
            profile.url,
            profile.token,
            allow_http=profile.allow_http,
            language=profile.language,
        )

    # --- what there is -------------------------------------------------------------------

    def search(self, text: str, *, kind: str | None = None, limit: int = 20) -> list[Any]:
        """Return what is found for some words, most relevant first. Needs no token."""
        found: list[Any] = self.wire.get("/api/search", q=text, kind=kind, limit=limit)["items"]
        return found

    def product(self, product: str) -> Mapping[str, Any]:
        """Return what the exchange says of a product. Needs no token."""
        found: Mapping[str, Any] = self.wire.get(f"/api/products/{_id(product)}")
        return found

    def sample(self, product: str) -> "pd.DataFrame":
        """Return the free sample of a product. Needs no token."""
        said = self.product(product)
        return frames.of_rows(said["sample"], [one["name"] for one in said["dictionary"]])

    def deliveries(self, *, order: str | None = None, product: str | None = None) -> list[Any]:
        """Return what was bought, newest first: up to 10,000 deliveries."""
        return list(self.wire.all("/api/deliveries", order_id=order, product_id=product))

    def delivery(self, what: str) -> Mapping[str, Any]:
        """Return a delivery by its id, or the one of an order or of a product.

        Of a product that was bought several times it is the newest that still gives data.
        Raises NotReadable when an order has several.
        """
        if what.startswith("dlv_"):
            found: Mapping[str, Any] = self.wire.get(f"/api/deliveries/{_id(what)}")
            return found
        if what.startswith("ord_"):
            several = self.deliveries(order=_id(what))
            if len(several) > 1:
                ids = ", ".join(one["id"] for one in several)
                raise NotReadable(f"{what} has several deliveries: {ids}")
        else:
            several = self.deliveries(product=_id(what))
            live = [one for one in several if one["state"] not in _OVER]
            several = live or several
        if not several:
            raise NotReadable(f"nothing was bought as {what}")
        chosen: Mapping[str, Any] = several[0]
        return chosen

    def ways(self, delivery: str) -> dict[str, list[Any]]:
        """Return way → why it is closed now; an empty list says that it is open."""
        found: dict[str, list[Any]] = self.wire.get(f"/api/deliveries/{_id(delivery)}/use")["ways"]
        return found

    def try_out(self, product: str, purpose: str) -> Mapping[str, Any]:
        """Take the free trial of a product, once; its task_id is a delivery to be read.

        purpose: what the data would be used for. Raises Problem.
        """
        found: Mapping[str, Any] = self.wire.post(
            "/api/trials", {"product_id": _id(product), "purpose_text": purpose}
        )
        return found

    def pack(self, what: str, folder: Path | str = ".") -> Path:
        """Save the procurement pack of a product or an order into a folder; return its file.

        Each file in it is checked against the manifest's SHA-256. That of a product needs no
        token. Raises Problem, Damaged.
        """
        noun = "orders" if what.startswith("ord_") else "products"
        answer = self.wire.asked(f"/api/procurement-packs/{noun}/{_id(what)}")
        return packs.kept(answer, what, Path(folder))

    # --- how it is read ------------------------------------------------------------------

    def read(
        self, what: str, *, way: Way | None = None, columns: Sequence[str] | None = None,
        limit: int | Literal["all"] | None = None, **wishes: Any,
    ) -> "pd.DataFrame":  # fmt: skip
        """Return what was bought as a DataFrame, by the way that stands open.

        what: a delivery, an order, a product, or the path of a .share profile. limit: how
        many rows; a metered interface, where each call is charged, wants it said. wishes:
        filters and sort of a metered interface; since, until, by of public aggregates.
        Raises NotReadable, Problem, Damaged, Unreachable, NotInstalled.
        """
        most = None if limit == "all" else limit
        if what.endswith(".share"):
            return tables.read_profile(Path(what), columns=columns, limit=most)
        delivery = self.delivery(what)
        chosen = way or self._open_way(delivery)
        if chosen == "share":
            shared = passes.share(self.wire, self.profile, delivery["id"])
            return tables.read(shared, columns=columns, limit=most)
        if chosen == "api":
            return self._metered(delivery, columns=columns, limit=limit, **wishes)
        if chosen == "aggregates":
            return self.aggregates(delivery["id"], **wishes)
        path = self.download(delivery["id"], self.profile.folder / "data", way=chosen)
        return frames.of_file(path, columns=columns, limit=most)

    def download(
        self, what: str, folder: Path | str = ".", *, way: Way | None = None
    ) -> Path:  # fmt: skip
        """Download what was bought into a folder, opened and checked; return its file.

        A package is sealed to this profile's key (made here when there is none), fetched
        with ranges from where an earlier try ended, opened, and held against its manifest.
        Raises NotReadable, Problem, Damaged, Unreachable, NotInstalled.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        delivery = self.delivery(what)
        chosen = way or self._open_way(delivery, among=("package", "hand"))
        if chosen == "hand":
            return parcels.by_hand(self.wire, delivery["id"], target, self.progress)
        if chosen != "package":
            raise NotReadable(f"{chosen} is no way to download")
        return parcels.opened(self.wire, self.profile, delivery["id"], target, self.progress)

    def check(self, delivery: str, values: Mapping[str, str]) -> bool:
        """Ask a verification interface whether there is a row with these values (核验)."""
        key = passes.api_key(self.wire, self.profile, self.delivery(delivery)["id"])
        body = {"values": dict(values), "request_id": secrets.token_hex(16)}
        asked = self.wire.asked(f"/data/v1/{key.delivery}/verify", body=body, token=key.secret)
        return bool(asked.json()["found"])

    def aggregates(
        self, delivery: str, *, since: date | str, until: date | str, by: str = "day",
        stations: Sequence[str] = (), limit: int | None = None,
    ) -> "pd.DataFrame":  # fmt: skip
        """Read aggregates of public data, computed where they lie: for what was ordered.

        limit: rows at most; as many as are left when it is not told.
        """
        bought = self.delivery(delivery)
        left = self.wire.get(f"/api/deliveries/{bought['id']}/use")["remaining"].get("rows")
        body = {
            "purpose_code": bought["purpose_code"],
            "output_form": bought["output_form"],
            "region": bought["region"],
            "items": [one["item"] for one in bought["items"]],
            "since": str(since),
            "until": str(until),
            "by": by,
            "stations": [*stations],
            "limit": limit or min(AGGREGATES_MAX if left is None else max(left, 1), AGGREGATES_MAX),
        }
        told = self.wire.post(f"/api/deliveries/{bought['id']}/reads", body)
        return frames.of_rows(told["rows"], _AGGREGATE)

    def _metered(
        self,
        delivery: Mapping[str, Any],
        *,
        columns: Sequence[str] | None,
        limit: int | Literal["all"] | None,
        filters: Sequence[Sequence[Any]] = (),
        sort: str | None = None,
    ) -> "pd.DataFrame":
        key = passes.api_key(self.wire, self.profile, delivery["id"])
        if limit is None:
            told = self.wire.asked(f"/data/v1/{key.delivery}", token=key.secret).json()
            raise NotReadable(
                f"each call of this interface is charged: say limit=1000, or limit='all' for "
                f"all {told['row_count']} rows"
            )
        question = tables.Question(
            columns=tuple(columns or ()),
            filters=tuple(tuple(one) for one in filters),
            sort=sort,
            limit=None if limit == "all" else limit,
        )
        return frames.of_batches(tables.pages(self.wire, key, question, self.progress))

    def _open_way(
        self, delivery: Mapping[str, Any], among: Sequence[str] = WAYS
    ) -> Literal["share", "package", "api", "hand", "aggregates"]:
        """Return the first way that is open. Raises NotReadable with every reason."""
        found = self.ways(delivery["id"])
        if "aggregates" in among and delivery["resource_id"] and delivery["output_form"]:
            found["aggregates"] = []
        reasons = []
        for way in WAYS:
            if way not in among or way not in found:
                continue
            if not found[way] and not self._is_empty(delivery, way):
                return way
            reasons += [f"{way}: {one['code']}: {one['detail']}" for one in found[way]]
        offered = ", ".join(sorted(found)) or "none"
        raise NotReadable(
            "\n  ".join(
                [f"{delivery['id']} gives nothing this way (it offers: {offered})", *reasons]
            )
        )

    def _is_empty(self, delivery: Mapping[str, Any], way: str) -> bool:
        """Tell whether a way that is open has nothing in it: no file was handed over."""
        return (
            way == "hand"
            and not self.wire.get(f"/api/deliveries/{delivery['id']}/files", limit=1)["items"]
        )


_OVER: Final = frozenset({"revoked", "suspended"})
_AGGREGATE: Final = ("station", "date", "item", "count", "min", "mean", "max", "sum")


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise NotReadable(f"{text!r} is no id of a product, an order or a delivery")
    return quote(text)
