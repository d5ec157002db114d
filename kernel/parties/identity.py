"""An identity number (居民身份号码) of a human being: checked, and never kept.

Source: GB 11643-1999: 17 digits and a check character, reckoned by ISO 7064 MOD 11-2. What
is stored is a keyed hash, by which the same human is known again, and a text with the
middle struck out, by which a reader recognises it.

The key may be changed: what was hashed under a former key is found by `hashes` as long as
that key stays among the retired ones, and a human who is known keeps the hash of the first
time, because the number itself is not there to be hashed anew.
"""

import re
import unicodedata
from typing import Final

from kernel.errors import Invalid
from kernel.work import Work

_SHAPE: Final = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_CHECKS: Final = "10X98765432"


def normalised(text: str, *, pointer: str = "/identity_number") -> str:
    """Return the number in its one form. Raises Invalid, which does not repeat it."""
    number = unicodedata.normalize("NFKC", text).strip().upper()
    if not _SHAPE.fullmatch(number) or _check(number) != number[17]:
        raise Invalid("身份证件号码无效", "this is no identity number (GB 11643)", pointer=pointer)
    return number


def completed(digits: str) -> str:
    """Return seventeen digits with the check character that belongs to them."""
    return digits + _check(digits)


def hashed(work: Work, number: str) -> str:
    """Return the keyed hash of a normalised number: equal for the same human alone.

    Written for a human who is not known yet; who is known is found by `hashes`.
    """
    return work.crypto.mask(f"identity:{number}")


def hashes(work: Work, number: str) -> tuple[str, ...]:
    """Return every hash that the number may have been written as; `hashed` first."""
    return work.crypto.masks(f"identity:{number}")


def struck_out(number: str) -> str:
    """Return the number as it may be shown: the region, and the last four characters."""
    return f"{number[:6]}{'*' * 8}{number[14:]}"


def _check(number: str) -> str:
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    return _CHECKS[total % 11]
