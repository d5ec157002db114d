"""One door for all formats: which one a file is, its first bytes tell."""

from typing import Final

from kernel.errors import Invalid
from kernel.work import Rules
from settlement.bank.reading import camt, csvs, neutral, profiles, swift, tables
from settlement.bank.reading.neutral import StatementFile
from settlement.bank.reading.profiles import Profile

BYTES_MAX: Final = 6_000_000
"""The largest file that is read."""

_MARK: Final = "\ufeff".encode()


def read(content: bytes, *, rules: Rules, account: str, profile: str = "") -> StatementFile:
    """Read a statement of `account`, in whichever format it is.

    profile: the name of a bank's profile; without it the titles of the columns tell. Raises
    StatementRefused with everything that is wrong, Invalid for a profile that is not there.
    """
    if len(content) > BYTES_MAX:
        raise neutral.refused("TOO_LONG", "文件过大", f"more than {BYTES_MAX} bytes")
    start = content.removeprefix(_MARK).lstrip()[:4]
    if start[:1] == b"<":
        return camt.read(content)
    if start[:1] == b":" or start.startswith(b"{1:"):
        return swift.read(content)
    known = profiles.listed(rules)
    if start == b"PK\x03\x04":
        found = tables.sheet(content)
        return tables.read(_chosen(known, profile, found), found, account=account, form="xlsx")
    given = _named(known, profile) if profile else None
    found = csvs.rows(_text(content, given))
    if given is None and csvs.is_own(found) and not any(tables.fits(one, found) for one in known):
        return csvs.read(found)
    return tables.read(given or _chosen(known, "", found), found, account=account, form="csv")


def _text(content: bytes, profile: Profile | None) -> str:
    if profile is None or not profile.encoding:
        return csvs.decoded(content)
    try:
        return content.decode(profile.encoding)
    except UnicodeDecodeError as error:
        told = f"须为 {profile.encoding}", f"the encoding is not {profile.encoding}"
        raise neutral.refused("ENCODING", *told) from error


def _chosen(known: tuple[Profile, ...], name: str, found: csvs.Rows) -> Profile:
    if name:
        return _named(known, name)
    for profile in known:
        if tables.fits(profile, found):
            return profile
    told = "缺少表头，列名也不符合任何银行模板", "no heads, and the columns fit no bank's profile"
    raise neutral.refused("HEADS", *told)


def _named(known: tuple[Profile, ...], name: str) -> Profile:
    for profile in known:
        if profile.name == name:
            return profile
    raise Invalid("没有这个银行模板", f"there is no profile {name}", pointer="/profile")
