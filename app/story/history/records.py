"""The directories (一本账): 4,096 of the province, and 24,836 that fourteen cities push up.

Those of the province are described by FirstData, under their true description, and entered by a
made-up centre; the rest, and all of the cities', are made up and say so.
"""

import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from app.story import cast
from app.story.history import parties, words
from app.story.history.hands import Hand
from catalogue import cascade, directories
from catalogue.cascade import CascadeNode, Op, Sent
from config.settings import HOUSE
from kernel import ids
from kernel.actor import Duty, Role
from kernel.clock import Instant
from kernel.crypto import StandardProvider
from kernel.parties import organisations, people
from kernel.words import Words

PROVINCE, CITIES = 4_096, 24_836
DESCRIBED: Final = HOUSE / "data" / "catalogue" / "cn_directory_items.csv.gz"
CENTRE: Final = "archive"

_CENTRE_CODE: Final = "12430000MB0020011"
_CITY_CODE: Final = "12{region}MB003{number:04}"
_INDUSTRY: Final = {
    "finance": "J", "health": "Q", "energy": "D", "environment": "N", "transportation": "G",
    "agriculture": "A", "education": "P", "culture": "R", "technology": "I", "trade": "F",
}  # fmt: skip
_KINDS: Final = tuple(
    Words(*pair)
    for pair in (("基本信息", "register"), ("统计月报", "monthly figures"), ("点位分布", "sites"),
                 ("办理记录", "cases"), ("监测数据", "monitoring"), ("信用评价", "ratings"))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Described:
    """What a directory of the province says."""

    zh: str
    en: str
    abstract: str
    industry: str
    frequency: str


def province(count: int) -> list[Described]:
    """Return the first `count` directories of the province: the real ones first."""
    found = list(_real())
    found += [_made_up(number) for number in range(max(0, count - len(found)))]
    return found[:count]


def enter_centre(hand: Hand) -> None:
    """Enter the centre that describes, and the fourteen cities' hubs with their keys."""
    duties = ((CENTRE, (Duty.EDITOR,)), (f"{CENTRE}.head", (Duty.APPROVER,)))
    _enter(
        hand, Words("演示·省数据目录馆", "Demo Directory Centre"), _CENTRE_CODE, "430000", duties
    )
    for number, (region, _) in enumerate(words.CITIES):
        body = _CITY_CODE.format(region=region, number=number)
        name = Words(f"演示·{region}数据资源中心", f"Demo Data Centre {region}")
        made = _enter(hand, name, body, region, ((f"city{region}", (Duty.EDITOR,)),))
        key = _key(region).public_key.hex()
        cascade.join(hand.by("hub"), organisation_id=made, level="city", region=region,
                     public_key=key)  # fmt: skip


def describe(hand: Hand, some: Sequence[Described]) -> None:
    """Enter directories, pass them within the centre, and publish them at the hub."""
    centre = organisations.find(hand.session, hand.by(CENTRE).actor.organisation)
    hand.held.append(centre)
    for told in some:
        made = directories.create(hand.by(CENTRE), **_content(told))
        hand.session.flush()
        hand.held += [made, made.directory, made.content]
        for step, login in (("submit", CENTRE), ("pass", f"{CENTRE}.head"), ("accept", "hub")):
            directories.take(hand.by(login), made.id, step)
    hand.follow()


def push_up(hand: Hand, region: str, numbers: Sequence[int]) -> None:
    """Push directories of a city up, each in a signed envelope, and accept them."""
    work, hub = hand.by(f"city{region}"), hand.by("hub")
    own = work.actor.organisation
    node = next(one for one in cascade.nodes(hand.session) if one.organisation_id == own)
    hand.held.append(node)
    for number in numbers:
        found = cascade.apply(work, node.id, _sent(node, number, work.now))
        hand.held.append(found)
        cascade.take(hub, found.id, "accept")


def _enter(
    hand: Hand, name: Words, body: str, region: str, staff: Sequence[tuple[str, Any]]
) -> str:
    house = hand.by_house()
    made = organisations.enter(
        house, uscc=parties.completed(body), name_zh=name.zh, name_en=name.en, region=region,
        roles=[Role.SUPPLY_DEPARTMENT],
    )  # fmt: skip
    organisations.LIFE.take("found", made, house)
    for login, duties in staff:
        person = people.enter(house, login=f"{login}@demo", name=f"{name.zh}编目员",
                              password=cast.PASSWORD, passwords=hand.passwords)  # fmt: skip
        people.join(house, person.id, made.id, duties)
    hand.session.flush()
    return made.id


def _real() -> Iterator[Described]:
    with gzip.open(DESCRIBED, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            frequency = row["update_frequency"].replace("real-time", "realtime")
            yield Described(
                row["title_zh"][:100],
                f"{row['directory_id']} ({row['domain']})",
                f"发布者：{row['publisher_zh']}，{row['website']}。说明出自 FirstData（MIT），"
                "并非政府目录；发布者未在本所供数或交易。",
                _INDUSTRY.get(row["domain"], "S"),
                frequency,
            )


def _made_up(number: int) -> Described:
    zh, en = _named(number)
    return Described(f"演示·{zh}", f"Demo {en}", "由程序生成，仅供演示。", "S", "monthly")


def _named(number: int) -> tuple[str, str]:
    every = _subjects()
    subject, kind = every[number % len(every)], _KINDS[number // len(every) % len(_KINDS)]
    return f"{subject.zh}{kind.zh} {number:05}", f"{subject.en} {kind.en} {number:05}"


@cache
def _subjects() -> tuple[Words, ...]:
    return tuple(subject for trade in words.TRADES for subject in trade.subjects)


def _content(told: Described) -> Any:
    item = {
        "code": "content", "name_zh": told.zh[:60], "name_en": told.en[:60], "data_type": "string",
        "description": "目录描述的数据内容 what the description is of",
    }  # fmt: skip
    return {
        "items": [item],
        "title_zh": told.zh,
        "title_en": told.en,
        "abstract": told.abstract,
        "industry": told.industry,
        "update_frequency": told.frequency,
        "share_type": "conditional",
        "open_type": "conditional_open",
        "operation_type": "eligible_with_consent",
        "spatial": [],
        "keywords": [],
        "format": "database",
    }


def _sent(node: CascadeNode, number: int, now: Instant) -> Sent:
    zh, en = _named(number)
    content = {"title_zh": f"演示·{zh}", "title_en": f"Demo {en}", "region": node.region,
               "note": "由程序生成，仅供演示 made up"}  # fmt: skip
    bare = Sent(
        seq=node.last_seq + 1,
        op=Op.UPSERT,
        directory_code=f"CAT-{node.region}-{number:06}",
        content=content,
        sent_at=datetime.fromtimestamp(now.timestamp() // 1, UTC),
        signature="",
    )
    signed = _key(node.region).sign(cascade.signed_bytes(node.id, bare)).value
    return replace(bare, signature=signed)


@cache
def _key(region: str) -> StandardProvider:
    """Return what signs for a city's hub: a key that everybody may know, of a made-up hub."""
    return StandardProvider(bytes.fromhex(ids.digest(f"demonstration {region}")))
