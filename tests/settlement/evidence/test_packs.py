import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.crypto import StandardProvider, canonical
from kernel.errors import NotFound
from kernel.money import Money
from kernel.parties.contents import ContentBroken
from settlement.evidence import archive, books, checks, files, packs
from settlement.evidence.archive import MANIFEST, SIGNATURE, Item
from settlement.evidence.packs import About, EvidencePack, Matter, PackTooLarge
from settlement.papers import papers
from settlement.sealing import blocks
from tests.conftest import CRYPTO
from tests.settlement import bookkeeping, money
from tests.settlement.bookkeeping import on_sqlite, unguard
from tests.settlement.deals import test_deals
from tests.settlement.money import WorkAs

KEYS = CRYPTO.public_keys
ADDRESS = "https://exchange.example"
JULY = (date(2026, 7, 1), date(2026, 7, 31))


def made(work_as: WorkAs, person: str = "per_buyer_editor") -> EvidencePack:
    """A pack of July: the buyer paid for an order, and the entries are sealed in a block."""
    money.paid(work_as)
    blocks.seal(work_as("system", at=money.DUE))
    return of_july(work_as, person)


def of_july(work_as: WorkAs, person: str) -> EvidencePack:
    work = work_as(person, at=money.LATE)
    matter = Matter(About.PERIOD, work.actor.organisation, "July", ADDRESS)
    pack = packs.issue(work, matter, files.of_period(work, *JULY))
    work.session.flush()
    return pack


def content(work_as: WorkAs, pack: EvidencePack) -> bytes:
    return packs.content(work_as("per_exchange_auditor"), pack.id)[1]


def edited(pack: bytes, path: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return the pack with one file changed, and the zip around it written honestly."""
    found = archive.read(pack)
    found[path] = change(found[path])
    return archive.written([Item(*each) for each in found.items()])


def resigned(pack: bytes, path: str, change: Callable[[bytes], bytes], key: bytes) -> bytes:
    """Return the pack with one file changed, and a manifest made and signed anew for it."""
    found = archive.read(edited(pack, path, change))
    manifest = json.loads(found[MANIFEST])
    for file in manifest["files"]:
        inside = found[file["path"]]
        file["sha256"], file["size"] = archive.sha256(inside), len(inside)
    manifest["total"] = archive.total(manifest["files"])
    found[MANIFEST] = canonical(manifest)
    seal = StandardProvider(key).sign(found[MANIFEST])
    found[SIGNATURE] = canonical({"alg": seal.alg, "key_id": seal.key_id, "value": seal.value})
    return archive.written([Item(*each) for each in found.items()])


def codes(pack: bytes) -> list[tuple[str, str]]:
    return [(one.code, one.where) for one in checks.examine(pack, KEYS).findings]


def first(pack: bytes, prefix: str) -> str:
    return next(path for path in archive.read(pack) if path.startswith(prefix))


def test_a_pack_holds_offline_with_the_proof_of_every_entry(work_as: WorkAs) -> None:
    pack = content(work_as, made(work_as))

    told = checks.examine(pack, KEYS)

    assert (told.findings, told.ok, told.number) == ((), True, "EP-2026-000001")
    assert told.entries == told.proofs == 1  # what came in is the bank's; the buyer's is matched
    assert (told.about, told.issued_to, told.events > 0) == ("period", "演示·保险公司", True)
    held = archive.read(pack)
    assert {path.partition("/")[0] for path in held} == {
        "README.txt", "bank", "history", "ledger", "manifest.json", "payments", "signature.json",
    }  # fmt: skip


def test_it_is_the_same_file_each_time_and_known_by_its_manifest(
    session: Session, work_as: WorkAs
) -> None:
    pack = made(work_as)
    once, again = content(work_as, pack), content(work_as, pack)
    told = checks.examine(once, KEYS)

    assert once == again
    assert archive.sha256(once) == pack.digest
    assert packs.is_ours(work_as("per_other_editor"), pack.number, told.digest)
    assert not packs.is_ours(work_as("per_other_editor"), pack.number, "0" * 64)
    paper = packs.manifest(work_as("per_buyer_editor"), pack)
    assert archive.read(once)[MANIFEST] == canonical(paper.body)
    assert papers.of(session, "org_buyer") == [paper]


@on_sqlite
def test_one_edited_byte_is_found_wherever_it_is(work_as: WorkAs) -> None:
    pack = content(work_as, made(work_as))
    step = max(1, len(pack) // 400)

    for place in range(0, len(pack), step):
        broken = bytearray(pack)
        broken[place] ^= 1
        assert not checks.examine(bytes(broken), KEYS).ok, place


@on_sqlite
def test_the_file_that_was_edited_is_named(work_as: WorkAs) -> None:
    pack = content(work_as, made(work_as))
    payment = first(pack, "payments/")

    told = codes(edited(pack, payment, lambda inside: inside.replace(b"12800001", b"12800002")))

    assert told == [("FILE_EDITED", payment)]


@on_sqlite
def test_files_that_are_missing_or_added_are_named(work_as: WorkAs) -> None:
    pack = content(work_as, made(work_as))
    found = archive.read(pack)
    gone = first(pack, "bank/")
    less = [Item(*each) for each in found.items() if each[0] != gone]
    more = [*(Item(*each) for each in found.items()), Item("bank/extra.json", b"{}")]

    assert codes(archive.written(less)) == [("FILE_MISSING", gone)]
    assert codes(archive.written(more)) == [("FILE_ADDED", "bank/extra.json")]


@on_sqlite
def test_a_pack_that_was_signed_anew_is_signed_by_nobody_known(work_as: WorkAs) -> None:
    pack = content(work_as, made(work_as))
    forged = resigned(pack, "README.txt", lambda _: b"other", bytes([7]) * 32)

    assert codes(forged) == [("KEY_UNKNOWN", SIGNATURE)]
    assert codes(edited(pack, SIGNATURE, lambda _: b"{}")) == [("SIGNATURE_BROKEN", SIGNATURE)]
    other = edited(pack, MANIFEST, lambda inside: inside.replace(b"July", b"June"))
    assert codes(other) == [("SIGNATURE_BROKEN", MANIFEST)]


@on_sqlite
@pytest.mark.parametrize(
    ("prefix", "old", "new", "code"),
    [
        ("ledger/entry-", b'"event":"bank.matched"', b'"event":"bank.invented"', "ENTRY_EDITED"),
        ("ledger/entry-", b'"path":[[true,"', b'"path":[[false,"', "PROOF_BROKEN"),
        ("ledger/entry-", b'"block":1', b'"block":2', "BLOCK_MISSING"),
        ("ledger/block-", b'"size":2', b'"size":3', "BLOCK_BROKEN"),
        ("history/payments", b"payment.received", b"payment.invented", "EVENT_EDITED"),
        ("ledger/entry-", b'"whole":true', b'"hole":true', "UNREADABLE"),
        ("ledger/block-", b"{", b"", "UNREADABLE"),
    ],
)
def test_what_the_exchange_itself_would_have_rewritten_is_found_in_the_books(
    work_as: WorkAs, prefix: str, old: bytes, new: bytes, code: str
) -> None:
    pack = content(work_as, made(work_as))
    path = first(pack, prefix)
    assert old in archive.read(pack)[path], archive.read(pack)[path]

    told = codes(resigned(pack, path, lambda it: it.replace(old, new, 1), bytes(range(32))))

    assert told[0][0] == code


@on_sqlite
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda _: b"[]", "MANIFEST_UNREADABLE"),
        (lambda _: b'{"schema":"other","files":[]}', "MANIFEST_UNREADABLE"),
        (lambda it: it.replace(b'"sha256":"', b'"sha256":"x'), "MANIFEST_UNREADABLE"),
        (lambda it: it.replace(b'"total":"', b'"total":"x'), "SIGNATURE_BROKEN"),
    ],
    ids=["list", "other", "digest", "total"],
)
def test_a_manifest_that_cannot_be_is_told(
    work_as: WorkAs, change: Callable[[bytes], bytes], code: str
) -> None:
    pack = content(work_as, made(work_as))

    assert codes(edited(pack, MANIFEST, change))[0] == (code, MANIFEST)


def test_without_manifest_or_signature_there_is_no_pack() -> None:
    manifest = canonical({"schema": checks.SCHEMA, "files": [], "total": archive.total([])})

    assert codes(b"nothing") == [("NOT_A_ZIP", "")]
    assert codes(archive.written([Item("a", b"")])) == [("MANIFEST_MISSING", MANIFEST)]
    assert codes(archive.written([Item(MANIFEST, manifest)])) == [("SIGNATURE_MISSING", SIGNATURE)]


def test_every_fault_has_its_words() -> None:
    for code in checks.FAULTS:
        assert all(checks.Finding(code, "").words)


def test_keys_are_read_as_the_exchange_publishes_them() -> None:
    from licensing.papers import keys

    assert checks.public_keys(keys.jwks(CRYPTO)) == dict(KEYS)
    wrongs: list[dict[str, Any]] = [{}, {"keys": [{}]}, {"keys": 3}]
    for wrong in wrongs:
        with pytest.raises(ValueError, match="JWK"):
            checks.public_keys(wrong)


def test_who_does_not_oversee_sees_its_own_lines_and_of_the_others_the_count(
    work_as: WorkAs,
) -> None:
    money.paid(work_as, amount=Money(10_000))
    bookkeeping.accept(work_as("system"), "ord_1", 10_000)
    shares = [(bookkeeping.merchant("org_developer"), 9_000), (bookkeeping.COMMISSION, 1_000)]
    bookkeeping.settle(work_as("system"), "ord_1", shares)
    merchant = work_as("per_developer_editor", at=money.LATE)

    found = [
        json.loads(item.content)
        for item in files.of_order_money(merchant, "ord_1", "org_developer")
        if item.path.startswith("ledger/entry-")
    ]

    settled = next(one for one in found if one["entry"]["event"] == "line.settled")
    assert (settled["whole"], settled["hidden"]) == (False, 1)
    assert [line[7] for line in settled["entry"]["lines"]] == [9_000]
    assert settled["proof"] is None  # in no block yet
    everything = list(
        files.of_order_money(work_as("per_exchange_auditor"), "ord_1", "org_developer")
    )
    assert all(b'"whole":true' in one.content for one in everything if "entry" in one.path)


def test_a_pack_of_a_deal_has_its_documents(session: Session, work_as: WorkAs) -> None:
    deal = test_deals.registered(work_as)
    work = work_as(test_deals.MERCHANT)

    pack = packs.issue(
        work, Matter(About.DEAL, deal.id, deal.title, ADDRESS), files.of_deal(work, deal.id)
    )
    session.flush()

    told = checks.examine(content(work_as, pack), KEYS)
    held = archive.read(content(work_as, pack))
    assert told.findings == ()
    assert sum(path.startswith("documents/") for path in held) == 3
    assert told.entries == 1
    with pytest.raises(NotFound):
        list(files.of_deal(work_as("per_other_editor"), deal.id))


def test_a_pack_is_for_whom_it_was_made_and_for_overseers(work_as: WorkAs) -> None:
    pack = made(work_as)
    stranger = work_as("per_other_editor")

    with pytest.raises(NotFound):
        packs.seen(stranger, pack.id)
    with pytest.raises(NotFound):
        packs.content(stranger, "epk_none")

    assert packs.listed(stranger, after=None, limit=5).items == []
    assert packs.listed(work_as("per_buyer_signer"), after=None, limit=5).items == [pack]
    assert packs.listed(work_as("per_exchange_auditor"), after=None, limit=5).items == [pack]


def test_what_is_too_much_is_told_with_the_bounds(
    work_as: WorkAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = work_as("per_buyer_editor")
    matter = Matter(About.PERIOD, "org_buyer", "July", ADDRESS)
    money.paid(work_as)

    with pytest.raises(PackTooLarge, match="2000 files and 8 MB"):
        packs.issue(work, matter, (Item(f"f/{n}", b"") for n in range(1_992)))
    with pytest.raises(PackTooLarge):
        packs.issue(work, matter, iter([Item("f/1", bytes(7 * 2**20 + 1))]))
    monkeypatch.setattr(books, "ENTRIES_MAX", 0)
    with pytest.raises(PackTooLarge, match="more than 0 entries"):
        of_july(work_as, "per_buyer_editor")


@on_sqlite
def test_bytes_that_were_changed_where_they_are_kept_are_not_handed_out(
    session: Session, work_as: WorkAs
) -> None:
    pack = made(work_as)
    session.flush()
    unguard(session)
    session.execute(text("DROP TRIGGER evidence_packs_no_update"))
    session.execute(text("UPDATE evidence_packs SET sealed = zeroblob(99)"))
    session.expire_all()

    with pytest.raises(ContentBroken):
        content(work_as, pack)
