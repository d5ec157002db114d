"""The age format: what others seal we open, what we seal others open, and no change goes unseen."""

import io
from collections.abc import Callable

import pyrage
import pytest

from delivery.packages import age
from delivery.packages.age import NotOpened, Opening
from delivery.recipients import x25519

SECRET, PUBLIC = x25519.generate()
IDENTITY = x25519.secret(SECRET)
SIZES = (0, 1, age.CHUNK - 1, age.CHUNK, age.CHUNK + 1, 2 * age.CHUNK, 200_001)


def sealed(content: bytes, public: str = PUBLIC) -> bytes:
    """Return content as a package's file has it, written in uneven parts."""
    key, file = age.new_key(), io.BytesIO()
    file.write(age.header(key, x25519.public(public)))
    body = age.Sealing(file, key)
    for start in range(0, len(content), 50_000):
        body.write(content[start : start + 50_000])
    body.close()
    return file.getvalue()


def opened(file: bytes) -> bytes:
    """Return the content of a file, read in uneven parts."""
    body, found = Opening(io.BytesIO(file), IDENTITY), b""
    while part := body.read(7_777):
        found += part
    body.finish()
    return found


@pytest.mark.parametrize("size", SIZES)
def test_another_tool_opens_what_we_seal_and_the_other_way_round(size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    ours = sealed(content)
    theirs = pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(PUBLIC)])

    assert pyrage.decrypt(ours, [pyrage.x25519.Identity.from_str(SECRET)]) == content
    assert opened(theirs) == content
    assert opened(ours) == content


def test_a_header_has_always_the_same_size() -> None:
    assert len(age.header(age.new_key(), x25519.public(PUBLIC))) == age.HEADER_BYTES


def test_one_of_several_recipients_opens_it() -> None:
    other = x25519.generate()[1]
    recipients = [pyrage.x25519.Recipient.from_str(each) for each in (other, PUBLIC)]

    assert opened(pyrage.encrypt(b"to two", recipients)) == b"to two"


def test_no_other_key_opens_it() -> None:
    file = sealed(b"content", x25519.generate()[1])

    with pytest.raises(NotOpened, match="another key"):
        opened(file)


BODY = age.HEADER_BYTES + 16
CHUNK = age.CHUNK + age.TAG


MOVED = slice(BODY, BODY + CHUNK), slice(BODY + CHUNK, BODY + 2 * CHUNK)
CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "a bit of the header": lambda file: flipped(file, 50),
    "a bit of the body": lambda file: flipped(file, BODY + 9),
    "two parts changed places": lambda file: (
        file[:BODY] + file[MOVED[1]] + file[MOVED[0]] + file[BODY + 2 * CHUNK :]
    ),
    "cut between parts": lambda file: file[: BODY + 2 * CHUNK],
    "cut": lambda file: file[:-1],
    "a byte more": lambda file: file + b"x",
    "a part more": lambda file: file + file[MOVED[0]],
    "no body": lambda file: file[:BODY],
    "nothing": lambda _file: b"",
    "a header without end": lambda _file: b"age-encryption.org/v1\n-> X25519 a\n",
    "no base64": lambda _file: b"age-encryption.org/v1\n-> X25519 ?\nAAAA\n--- AAAA\n",
    "a header too long": lambda _file: b"age-encryption.org/v1\n" + b"-> x y\n" * 20_000,
    "a stanza more": lambda file: file.replace(b"\n--- ", b"\n-> grease x\nAAAA\n--- "),
}


def flipped(file: bytes, place: int) -> bytes:
    """Return a file with one bit changed."""
    return file[:place] + bytes([file[place] ^ 1]) + file[place + 1 :]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_changed_is_found(change: str) -> None:
    file = sealed(b"0123456789" * 20_000)

    with pytest.raises(NotOpened):
        opened(CHANGES[change](file))


def test_an_empty_part_at_the_end_is_found() -> None:
    key, file = age.new_key(), io.BytesIO()
    file.write(age.header(key, x25519.public(PUBLIC)))
    body = age.Sealing(file, key)
    body.write(b"x" * age.CHUNK)
    body._seal(body._held, last=False)
    body.close()

    with pytest.raises(NotOpened, match="empty"):
        opened(file.getvalue())
