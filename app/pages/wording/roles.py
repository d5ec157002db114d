"""What the roles of organisations are called on a page, in the order in which they are listed."""

from typing import Final

from kernel.actor import Role
from kernel.words import Words

# fmt: off
ROLES: Final[dict[Role, Words]] = {
    Role.DATA_AUTHORITY: Words("数据管理部门", "data authority"),
    Role.IMPLEMENTING_AGENCY: Words("实施机构", "implementing agency"),
    Role.SUPPLY_DEPARTMENT: Words("数据提供部门", "supply department"),
    Role.AUTHORISED_OPERATOR: Words("授权运营机构", "authorised operator"),
    Role.DEVELOPER: Words("再开发主体", "developer"),
    Role.MERCHANT: Words("数商", "data merchant"),
    Role.BUYER: Words("数据需方", "buyer"),
    Role.PRICE_AUTHORITY: Words("价格主管部门", "price authority"),
    Role.EXCHANGE_OPERATOR: Words("数据交易场所运营机构", "exchange operator"),
    Role.SYSTEM: Words("系统", "the house"),
}
# fmt: on

GRANTED: Final = tuple(role for role in ROLES if role != Role.SYSTEM)
"""The roles that an organisation can ask for; the house alone is the house."""
