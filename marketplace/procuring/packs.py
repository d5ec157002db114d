"""A procurement pack (采购资料包): one zip with all that a buyer's own procurement asks for.

Before buying it is about a product, afterwards about an order. Nothing of it is kept here:
it is made of what there is, the same bytes for the same state. A manifest names each file
with its SHA-256 and is signed, as that of an evidence pack, and verified in the same ways.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from delivery import tasks
from kernel import journal
from kernel.clock import Instant
from kernel.crypto import canonical
from kernel.parties import organisations
from kernel.work import Work
from marketplace import orders, products
from marketplace.procuring import deals, goods
from marketplace.procuring.goods import Offer
from settlement.evidence import archive
from settlement.evidence.archive import FILES_MAX, MANIFEST, SIGNATURE, SIZE_MAX, Item
from settlement.evidence.checks import PROCUREMENT, SCHEMA
from settlement.evidence.packs import PackTooLarge, plain


class Pack(NamedTuple):
    """A pack: what its file is called, and its bytes."""

    name: str
    content: bytes


class _Matter(NamedTuple):
    subject: str
    code: str
    title: str
    issued_to: str
    at: Instant | None


def of_product(work: Work, product_id: str, address: str) -> Pack:
    """Return the pack of a product, to whoever may see it. Raises NotFound, PackTooLarge.

    address: where this exchange is found, without a closing slash. The same for everybody:
    nothing in it depends on who asks. Some thirty SELECTs on indexes.
    """
    product, version = products.show(work, product_id)
    offer = Offer(product, version, version.price_plan)
    title = f"{product.code} {version.title_zh}"
    at = _latest(work, [product.id])
    matter = _Matter(product.id, product.code, title, "", at or version.written_at)
    return _packed(work, matter, goods.of(work, offer, address), address)


def of_order(work: Work, order_id: str, address: str) -> Pack:
    """Return the pack of an order, to its parties and to overseers. Raises NotFound, PackTooLarge.

    Some SELECTs, and thirty for each of at most 100 lines.
    """
    order = orders.seen(work, order_id)
    own = organisations.find(work.session, work.actor.organisation)
    delivered = tasks.of_order(work.session, order.id)
    subjects = [order.id, *([order.contract_id] if order.contract_id else [])]
    at = _latest(work, [*subjects, *(task.id for task in delivered)])
    matter = _Matter(order.id, order.code, order.code, own.name_zh, at)
    return _packed(work, matter, deals.of(work, order, address), address)


def _latest(work: Work, subjects: Sequence[str]) -> Instant | None:
    found = [each.at for one in subjects for each in journal.history(work.session, one, limit=1)]
    return max(found, default=None)


def _packed(work: Work, matter: _Matter, items: Iterable[Item], address: str) -> Pack:
    held = _gathered(items)
    held.append(Item("README.txt", _README.encode()))
    manifest = canonical(_manifest(work, matter, held, address))
    seal = work.crypto.sign(manifest)
    told = {
        "number": "",
        "digest": work.crypto.digest(manifest),
        "alg": seal.alg,
        "key_id": seal.key_id,
        "value": seal.value,
    }
    content = archive.written([*held, Item(MANIFEST, manifest), plain(SIGNATURE, told)])
    return Pack(f"procurement-{matter.code}.zip", content)


def _gathered(items: Iterable[Item]) -> list[Item]:
    try:
        return archive.gathered(items)
    except archive.TooMuch as error:
        raise PackTooLarge(
            f"资料包内容过多（至多 {FILES_MAX} 个文件、{SIZE_MAX // 2**20} MB）",
            f"there is too much in it ({FILES_MAX} files, {SIZE_MAX // 2**20} MB at most)",
        ) from error


def _manifest(work: Work, matter: _Matter, held: Sequence[Item], address: str) -> dict[str, Any]:
    listed = archive.listed(held)
    return {
        "schema": SCHEMA,
        "digest_alg": work.crypto.digest_alg,
        "about": PROCUREMENT,
        "subject": matter.subject,
        "title": matter.title,
        "number": "",
        "issued_to": matter.issued_to,
        "as_of": matter.at.isoformat() if matter.at else "",
        "verify": f"{address}/evidence/verify",
        "keys": f"{address}/.well-known/jwks.json",
        "files": listed,
        "total": archive.total(listed),
    }


_README: Final = """采购资料包 Procurement pack

zh/ 中文文件；en/ 英文对照；data/ 数据字典、样例、质量与清单；contracts/ 合同及签名；
papers/ 收款回单与发票数据；goods/ 订单各行的产品资料。
zh/ is in Chinese, en/ says the same in English; data/ has dictionary, sample, quality and
lists; contracts/ the contract and its signatures; papers/ receipts and invoice data; goods/
what is said of the product of each line of an order.

manifest.json 列出每个文件的 SHA-256；signature.json 是对 manifest.json 原文的 Ed25519 签名。
manifest.json names every file with its SHA-256; signature.json signs its bytes with Ed25519.

核验 To verify:
    网页 at the address under "verify" in manifest.json
    databourse evidence verify FILE --keys jwks.json
公钥在 manifest.json 的 "keys" 地址。 The public keys are at the address under "keys".
"as_of" 为所载事项最近一次变动的时间。 "as_of" is when what it is about last changed.
"""
