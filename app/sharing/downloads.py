"""Fetching a package by its link: in ranges, taken up again, counted, and asked for each time."""

from flask import Blueprint, Response, request

from app import doors, unit
from app.sharing import files, profiles
from delivery.packages import links, making
from delivery.packages.links import Followed
from kernel.actor import NOBODY
from kernel.work import Work

blueprint = Blueprint("downloads", __name__, url_prefix="/downloads")


@blueprint.get("/<link_id>")
@doors.alone
def fetch(link_id: str) -> Response:
    """Send the package of a link, or a range of it; a HEAD tells of it and costs nothing."""
    house = unit.house()
    secret = request.args.get("key", "")

    def shown(work: Work) -> Followed:
        link = links.presented(work, link_id, secret)
        return links.shown(house.work(work.session, links.actor(work.session, link)), link)

    found: Followed = unit.reading(NOBODY, shown)
    if request.method != "HEAD":
        size = files.asked_bytes(found.size_bytes)

        def followed(work: Work) -> Followed:
            link = links.presented(work, link_id, secret)
            own = house.work(work.session, links.actor(work.session, link))
            return links.follow(own, link, size_bytes=size)

        found = unit.writing(NOBODY, followed)
    path = making.file_of(house.data_dir, found.package_id)
    return files.sent(path, name=found.name, etag=found.sha256)


def address(link_id: str, secret: str) -> str:
    """Return the address of a link."""
    return f"{profiles.base()}/downloads/{link_id}?key={secret}"
