"""Where a notice may go: an https address of the open internet, and nothing inside. Pure.

Names are resolved when a notice is sent, each time, and the numbers looked at again then.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from kernel.errors import Invalid

LENGTH_MAX: Final = 500


def checked(url: str, *, private: bool) -> SplitResult:
    """Return the parts of an address that a notice may go to. Raises Invalid.

    private: whether this house lets notices go to http and to private numbers.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _no("地址无法识别", "the address cannot be read") from error
    plain = all(" " < letter < "\x7f" for letter in url)
    if not plain or len(url) > LENGTH_MAX or not parts.hostname or port == 0:
        raise _no("地址无法识别", "the address cannot be read")
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise _no("须为 https 地址", "it must be an https address")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _no("地址不得含用户名、口令或片段", "no user, password or fragment in it")
    number = _number(parts.hostname)
    named = number is None and "." in parts.hostname and not parts.hostname[-1].isdigit()
    if not private and not named and (number is None or not is_open(str(number))):
        raise _no("不得指向内部网络", "it must not point into a private network")
    return parts


def is_open(number: str) -> bool:
    """Tell whether a number is of the open internet: global, and no shared or mapped one."""
    found = ip_address(number.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if inner is not None:
            found = inner
    return found.is_global and not found.is_multicast and not found.is_reserved


def _number(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _no(zh: str, en: str) -> Invalid:
    return Invalid(zh, en, pointer="/url")
