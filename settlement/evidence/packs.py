"""An evidence pack (证据包): files about one matter, a manifest over them, and its seal.

The manifest is a paper with number and digest, so that anybody who holds the pack can ask
whether it is ours; the signature is checked without asking. What goes into a pack is what
its asker may see. The bytes are kept as they were handed out, sealed under the house's key.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, select
from sqlalchemy.orm import Mapped, mapped_column

from kernel import ids
from kernel.clock import Instant
from kernel.crypto import canonical
from kernel.db import Base, append_only
from kernel.errors import DomainError, NotFound
from kernel.errors import Kind as ErrorKind
from kernel.pages import Page, keyset
from kernel.parties import contents, organisations
from kernel.words import Words
from kernel.work import Work
from settlement import access
from settlement.evidence import archive
from settlement.evidence.archive import FILES_MAX, MANIFEST, SIGNATURE, SIZE_MAX, Item
from settlement.evidence.checks import SCHEMA
from settlement.papers import papers
from settlement.papers.papers import Paper


class About(StrEnum):
    """What a pack is about."""

    ORDER = "order"
    DEAL = "deal"
    PERIOD = "period"
    ASSET = "asset"

    @property
    def label(self) -> Words:
        """The matter in words."""
        return _ABOUTS[self]


_ABOUTS: Final = {
    About.ORDER: Words("订单", "order"),
    About.DEAL: Words("场外备案交易", "registered deal"),
    About.PERIOD: Words("本机构某一期间", "a period of one's own"),
    About.ASSET: Words("数据资产", "data asset"),
}


class PackTooLarge(DomainError):
    """A pack has its bounds, so that anybody can read it; a shorter period has less in it."""

    kind = ErrorKind.CONFLICT
    code = "evidence-pack-too-large"
    title = Words("证据包超出上限", "The pack would be too large")


class EvidencePack(Base):
    """One pack. party_id: for whom it was made. digest: of the zip as it was handed out."""

    __tablename__ = "evidence_packs"
    __table_args__ = (
        CheckConstraint("size_bytes > 0", name="pack_not_empty"),
        CheckConstraint("about IN ('order', 'deal', 'period', 'asset')", name="about_is_known"),
        Index(None, "party_id", "id"),
        Index(None, "subject", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str]
    about: Mapped[str]
    subject: Mapped[str]
    title: Mapped[str]
    party_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    paper_id: Mapped[str] = mapped_column(ForeignKey("papers.id"))
    file_count: Mapped[int]
    size_bytes: Mapped[int]
    digest: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    issued_by: Mapped[str]
    issued_at: Mapped[Instant]


append_only(EvidencePack.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class Matter(NamedTuple):
    """What a pack is about. title: for people; address: where the exchange is found."""

    about: About
    subject: str
    title: str
    address: str


def issue(work: Work, matter: Matter, items: Iterable[Item]) -> EvidencePack:
    """Make a pack of the items for the caller's organisation. Raises PackTooLarge.

    items: taken one by one, and no more than the bounds are ever held.
    """
    held = _gathered(items)
    held.append(Item("README.txt", _README.encode()))
    signed = papers.issue(
        work,
        papers.Kind.EVIDENCE_PACK,
        subject=matter.subject,
        party_id=work.actor.organisation,
        body=_manifest(work, matter, held),
    )
    work.session.flush()  # the pack refers to its paper by id alone
    made = _made(work, matter, signed, archive.written([*held, *_sealed(signed)]))
    made.file_count = len(held)
    work.session.add(made)
    told = {"number": made.number, "files": made.file_count, "digest": made.digest}
    work.record("evidence_pack.issued", made.id, about=made.subject, **told)
    return made


def plain(path: str, value: Any) -> Item:
    """Return a value as a file of a pack, as JSON in its one form."""
    return Item(path, canonical(value))


def content(work: Work, pack_id: str) -> tuple[EvidencePack, bytes]:
    """Return a pack with its bytes, as they were handed out. Raises NotFound, ContentBroken."""
    found = seen(work, pack_id)
    return found, contents.unsealed(work, found.sealed, found.id.encode())


def manifest(work: Work, found: EvidencePack) -> Paper:
    """Return the paper that the pack's manifest is. One SELECT by key."""
    return work.session.get_one(Paper, found.paper_id)


def seen(work: Work, pack_id: str) -> EvidencePack:
    """Return the pack to for whom it was made and to overseers; to others it does not exist."""
    missing = NotFound("没有这份证据包", f"no evidence pack {pack_id}")
    found = work.session.get(EvidencePack, pack_id)
    if found is None:
        raise missing
    access.hide_from_strangers(work, found.party_id, missing)
    return found


def listed(work: Work, *, after: str | None, limit: int) -> Page[EvidencePack]:
    """Return the packs that the caller may see, newest first. One SELECT on an index."""
    statement = select(EvidencePack)
    if not access.oversees(work.actor):
        statement = statement.where(EvidencePack.party_id == work.actor.organisation)
    by = ((EvidencePack.id, "desc"),)
    return keyset(work.session, statement, by=by, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def is_ours(work: Work, number: str, digest: str) -> bool:
    """Tell whether a pack with this manifest was issued here. One SELECT on an index."""
    return papers.known(work, number, digest) is not None


def too_large(what: Words) -> PackTooLarge:
    """Return the error that says what there is too much of."""
    return PackTooLarge(
        f"{what.zh}（至多 {FILES_MAX} 个文件、{SIZE_MAX // 2**20} MB），请缩短期间",
        f"{what.en} ({FILES_MAX} files and {SIZE_MAX // 2**20} MB at most): name fewer days",
    )


def _manifest(work: Work, matter: Matter, held: Sequence[Item]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "digest_alg": work.crypto.digest_alg,
        "about": matter.about.value,
        "subject": matter.subject,
        "title": matter.title,
        "issued_to": organisations.find(work.session, work.actor.organisation).name_zh,
        "as_of": work.now.isoformat(),
        "verify": f"{matter.address}/papers",
        "keys": f"{matter.address}/.well-known/jwks.json",
        "files": archive.listed(held),
        "total": archive.total(archive.listed(held)),
    }


def _made(work: Work, matter: Matter, signed: Paper, content: bytes) -> EvidencePack:
    pack_id = ids.new("epk_", work.now)
    return EvidencePack(
        id=pack_id,
        number=signed.number,
        about=matter.about,
        subject=matter.subject,
        title=matter.title,
        party_id=work.actor.organisation,
        paper_id=signed.id,
        size_bytes=len(content),
        digest=archive.sha256(content),
        sealed=work.crypto.seal(content, pack_id.encode()),
        issued_by=work.actor.person,
        issued_at=work.now,
    )


def _gathered(items: Iterable[Item]) -> list[Item]:
    try:
        return archive.gathered(items)
    except archive.TooMuch as error:
        raise too_large(Words("内容过多", "there is too much")) from error


def _sealed(signed: Paper) -> list[Item]:
    seal: Mapping[str, str] = {
        "number": signed.number,
        "digest": signed.digest,
        "alg": signed.alg,
        "key_id": signed.key_id,
        "value": signed.value,
    }
    return [Item(MANIFEST, canonical(signed.body)), plain(SIGNATURE, seal)]


_README: Final = """证据包 Evidence pack

manifest.json 列出每个文件的 SHA-256；signature.json 是对 manifest.json 原文的 Ed25519 签名。
manifest.json names every file with its SHA-256; signature.json signs its bytes with Ed25519.

离线核验 To verify offline:
    databourse evidence verify FILE --keys jwks.json
公钥在 manifest.json 的 "keys" 地址。 The public keys are at the address under "keys".

ledger/entry-*.json: 一笔分录；"whole" 为 false 时他方的行已略去，其摘要仍在所称区块内。
An entry of the books; where "whole" is false the lines of others are left out, and its hash
still leads to the root of the block that it names.
ledger/block-*.json: 已签名的区块头。 The signed heads of the blocks.
history/*.json: 事件及其摘要。 Events, each with its digest.
"""
