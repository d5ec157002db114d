import json
from dataclasses import replace
from enum import StrEnum
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from kernel import crypto
from kernel.crypto import (
    CommercialProvider,
    CryptoProvider,
    SealBroken,
    Signature,
    StandardProvider,
    canonical,
)

KEY = bytes(range(32))
OTHER_KEY = bytes(reversed(range(32)))
PROVIDERS: list[CryptoProvider] = [StandardProvider(KEY), CommercialProvider(KEY)]

both = pytest.mark.parametrize("provider", PROVIDERS, ids=["standard", "commercial"])

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def test_the_standard_digest_is_sha_256() -> None:
    assert (
        StandardProvider(KEY).digest(b"abc")
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


@pytest.mark.parametrize(
    ("content", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_the_commercial_digest_is_sm3_of_gb_t_32905(content: bytes, digest: str) -> None:
    assert CommercialProvider(KEY).digest(content) == digest


def test_the_library_has_the_block_cipher_of_gb_t_32907() -> None:
    block = bytes.fromhex("0123456789abcdeffedcba9876543210")
    encryptor = Cipher(algorithms.SM4(block), modes.ECB()).encryptor()  # noqa: S305 - the published vector is one block

    assert encryptor.update(block).hex() == "681edf34d206965e86b3e94f536e4246"


def test_the_library_seals_with_sm4_as_rfc_8998_does() -> None:
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    nonce = bytes.fromhex("00001234567800000000abcd")
    plain = b"".join(bytes([byte]) * 8 for byte in bytes.fromhex("aabbccddeeffeeaa"))
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(
        bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    )

    sealed = encryptor.update(plain) + encryptor.finalize()

    assert sealed.hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    )
    assert encryptor.tag.hex() == "83de3541e4c2b58177e065a9bf7b62ec"


def test_a_signature_of_rfc_8032_is_verified() -> None:
    public_key = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = Signature(
        "ed25519",
        crypto.key_id_of(public_key),
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    )

    assert crypto.verified_by(public_key, b"\x72", signature)
    assert not crypto.verified_by(public_key, b"\x73", signature)


@both
def test_a_provider_says_what_it_uses(provider: CryptoProvider) -> None:
    commercial = isinstance(provider, CommercialProvider)

    assert provider.digest_alg == ("sm3" if commercial else "sha-256")
    assert provider.seal_alg == ("sm4-gcm" if commercial else "aes-256-gcm")
    assert provider.sign(b"").alg == "ed25519"


@both
def test_a_signature_is_verified_for_the_same_bytes_alone(provider: CryptoProvider) -> None:
    signature = provider.sign(b"one")

    assert signature.key_id == provider.key_id
    assert provider.verify(b"one", signature)
    assert not provider.verify(b"two", signature)


@both
def test_anybody_with_the_public_key_can_verify(provider: CryptoProvider) -> None:
    signature = provider.sign(b"one")

    Ed25519PublicKey.from_public_bytes(provider.public_key).verify(
        bytes.fromhex(signature.value), b"one"
    )
    assert crypto.verified_by(provider.public_key, b"one", signature)


@both
def test_a_forged_signature_is_none(provider: CryptoProvider) -> None:
    signature = provider.sign(b"one")
    other = StandardProvider(OTHER_KEY)

    assert not provider.verify(b"one", replace(signature, value="00" * 64))
    assert not provider.verify(b"one", replace(signature, value=signature.value[:-2]))
    assert not provider.verify(b"one", replace(signature, value="no number"))
    assert not provider.verify(b"one", replace(signature, alg="sm2"))
    assert not provider.verify(b"one", replace(signature, key_id=other.key_id))
    assert not provider.verify(b"one", other.sign(b"one"))
    assert not crypto.verified_by(other.public_key, b"one", signature)


@both
@given(content=st.binary(), aad=st.binary())
def test_what_was_sealed_opens_for_the_same_place(
    provider: CryptoProvider, content: bytes, aad: bytes
) -> None:
    sealed = provider.seal(content, aad)

    assert len(sealed) == len(content) + 38
    assert provider.open(sealed, aad) == content
    with pytest.raises(SealBroken, match="belong elsewhere"):
        provider.open(sealed, aad + b"!")


@both
def test_each_changed_bit_breaks_the_seal(provider: CryptoProvider) -> None:
    sealed = provider.seal(b"rain", b"order 1")

    for place in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[place] ^= 1 << bit
            with pytest.raises(SealBroken):
                provider.open(bytes(changed), b"order 1")


@both
def test_a_shortened_seal_is_broken(provider: CryptoProvider) -> None:
    sealed = provider.seal(b"rain", b"")

    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            provider.open(sealed[:length], b"")


@both
def test_sealing_twice_gives_different_bytes(provider: CryptoProvider) -> None:
    assert provider.seal(b"rain", b"") != provider.seal(b"rain", b"")


@both
def test_another_key_opens_nothing(provider: CryptoProvider) -> None:
    with pytest.raises(SealBroken, match="known here"):
        StandardProvider(OTHER_KEY).open(provider.seal(b"rain", b""), b"")


@both
def test_a_retired_key_still_verifies_and_opens_under_either_provider(
    provider: CryptoProvider,
) -> None:
    signature, sealed = provider.sign(b"one"), provider.seal(b"rain", b"")

    for renewed in (StandardProvider(OTHER_KEY, [KEY]), CommercialProvider(OTHER_KEY, [KEY])):
        assert renewed.verify(b"one", signature)
        assert renewed.open(sealed, b"") == b"rain"
        assert renewed.sign(b"one").key_id != signature.key_id


@both
def test_a_mask_is_steady_and_keyed(provider: CryptoProvider) -> None:
    mask = provider.mask("430104199001011234")

    assert len(mask) == 64
    assert mask == provider.mask("430104199001011234")
    assert mask != provider.mask("430104199001011235")
    assert mask != provider.digest(b"430104199001011234")
    assert mask != StandardProvider(OTHER_KEY).mask("430104199001011234")


@both
def test_what_was_masked_before_a_change_of_key_or_provider_is_found(
    provider: CryptoProvider,
) -> None:
    before = provider.mask("430104199001011234")

    for renewed in (StandardProvider(OTHER_KEY, [KEY]), CommercialProvider(OTHER_KEY, [KEY])):
        masks = renewed.masks("430104199001011234")

        assert masks[0] == renewed.mask("430104199001011234")
        assert before in masks[1:]
        assert len(set(masks)) == len(masks) == 4
        assert before not in renewed.masks("430104199001011235")
    assert before not in StandardProvider(OTHER_KEY).masks("430104199001011234")


def test_the_providers_mask_differently() -> None:
    assert len({provider.mask("430104199001011234") for provider in PROVIDERS}) == 2


def test_a_generated_key_makes_a_provider_and_is_never_the_same() -> None:
    one, other = crypto.generate_key(), crypto.generate_key()

    assert one != other
    assert StandardProvider(one).key_id != StandardProvider(other).key_id


@pytest.mark.parametrize("key", [b"", b"short", bytes(31), bytes(33)])
def test_a_key_of_another_size_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        StandardProvider(key)
    with pytest.raises(ValueError, match="32 bytes"):
        CommercialProvider(KEY, [key])


def test_a_key_never_shows_in_the_text_of_its_provider() -> None:
    assert KEY.hex() not in repr(vars(StandardProvider(KEY)))
    assert repr(KEY) not in repr(StandardProvider(KEY))


class State(StrEnum):
    LISTED = "listed"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, "雨\n"]}, '{"a":[true,null,"雨\\n"],"b":1}'),
        ({"price": 2**63 - 1, "parts": (1, -2)}, '{"parts":[1,-2],"price":9223372036854775807}'),
        ({"state": State.LISTED}, '{"state":"listed"}'),
        ({"\ufb33": 1, "\U0001f600": 2, "\u20ac": 3}, '{"\u20ac":3,"\U0001f600":2,"\ufb33":1}'),
        ('\x00\x1f\x7f"\\/', '"\\u0000\\u001f\x7f\\"\\\\/"'),
        ({}, "{}"),
    ],
)
def test_a_value_has_one_canonical_text(value: Any, text: str) -> None:
    assert canonical(value) == text.encode()


@given(JSON_VALUES)
def test_a_canonical_text_reads_back_as_its_value(value: Any) -> None:
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(st.text(), st.integers()), st.randoms())
def test_the_order_of_keys_changes_nothing(value: dict[str, int], random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)

    assert canonical(dict(items)) == canonical(value)


@pytest.mark.parametrize("value", [1.0, {"a": [0.5]}, b"rain", {1: "a"}, {"a"}, object()])
def test_what_has_no_exact_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="no canonical form"):
        canonical(value)


@pytest.mark.parametrize("value", ["\ud800", {"\ud800": 1}])
def test_text_that_is_no_unicode_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="surrogates"):
        canonical(value)
