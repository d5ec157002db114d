"""A stranger's SQL as a tree, with whatever no statement may have refused. Pure."""

import logging
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from kernel.errors import DomainError, Kind, Refusal
from kernel.words import Words

# What it cannot parse it would write into our log, a stranger's words among ours.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

TABLE: Final = "data"
"""The one table that there is."""

SQL_MAX: Final = 4000
NODES_MAX: Final = 300
_DEPTH_MAX: Final = 30
_DATES: Final = frozenset({"DATE", "TIMESTAMP", "TIMESTAMPNTZ", "DATETIME"})
_CLAUSES: Final = frozenset({"expressions", "from_", "where", "group", "order", "limit"})


class StatementRefused(DomainError):
    """The statement says something that is not run here, or not safe yet."""

    kind = Kind.INVALID
    code = "statement-refused"
    title = Words("查询语句不被允许", "This statement is not allowed")


def parsed(sql: str) -> exp.Select:
    """Return the one SELECT that a text is. Raises StatementRefused."""
    if len(sql) > SQL_MAX:
        raise refused("SQL_TOO_LONG", f"语句至多 {SQL_MAX} 个字符", f"at most {SQL_MAX} characters")
    try:
        found = [one for one in sqlglot.parse(sql, dialect="duckdb") if one is not None]
    except (SqlglotError, RecursionError, ValueError) as error:
        raise refused("NOT_SQL", "语句无法解析", "the statement cannot be parsed") from error
    if len(found) != 1:
        raise refused("ONE_STATEMENT", "只能提交一条语句", "one statement, and only one")
    tree = found[0]
    if type(tree) is not exp.Select:
        raise refused("SELECT_ONLY", "只能是 SELECT", "a SELECT, and nothing else")
    nodes = sum(1 for _ in tree.walk())
    if nodes > NODES_MAX or any(node.depth > _DEPTH_MAX for node in tree.walk()):
        raise refused("TOO_MANY_PARTS", "语句过于复杂", "the statement has too many parts")
    return tree


def check_clauses(tree: exp.Select) -> None:
    """Raise StatementRefused for a clause that is not among the few."""
    for name, value in tree.args.items():
        if value and name not in _CLAUSES:
            raise no_clause(name.rstrip("_").upper())
    for kind in (exp.Subquery, exp.Window, exp.Join, exp.Lateral, exp.With, exp.Placeholder):
        if tree.find(kind) is not None:
            raise no_clause(kind.__name__.upper())
    if sum(1 for _ in tree.find_all(exp.Query)) != 1:
        raise no_clause("SUBQUERY")


def check_source(tree: exp.Select) -> None:
    """Raise StatementRefused unless it is FROM the one table, plainly."""
    source = tree.args.get("from_")
    table = source.this if source is not None else None
    plain = (
        isinstance(table, exp.Table)
        and isinstance(table.this, exp.Identifier)
        and table.name == TABLE
        and set(given(table)) == {"this"}
    )
    if not plain:
        raise refused("OTHER_TABLE", f"只能查询表 {TABLE}", f"FROM {TABLE}, and nothing else")


def check_cast(node: exp.Cast) -> None:
    """Raise StatementRefused unless it writes a date or a moment."""
    to = node.args["to"]
    dated = to.this.name in _DATES and not to.expressions
    if not (dated and isinstance(node.this, exp.Literal) and node.this.is_string):
        raise not_allowed(node)


def order(tree: exp.Select, names: list[str]) -> tuple[tuple[str, bool], ...]:
    """Return (output, descending) for each; raise StatementRefused for what is no output."""
    wanted = tree.args.get("order")
    found = []
    for one in wanted.expressions if wanted else ():
        by = one.this if isinstance(one, exp.Ordered) else one
        place = int(by.this) if isinstance(by, exp.Literal) and by.is_int else 0
        said = by.sql(dialect="duckdb").strip('"')
        name = names[place - 1] if 1 <= place <= len(names) else said
        if name not in names:
            raise refused("ORDER_BY_OUTPUT", "只能按输出列排序", "order by an output")
        found.append((name, bool(one.args.get("desc"))))
    return tuple(found)


def limit(tree: exp.Select) -> int | None:
    """Return the LIMIT, None for none. Raises StatementRefused for one that is no number."""
    wanted = tree.args.get("limit")
    if wanted is None:
        return None
    many = wanted.args.get("expression")
    if not (isinstance(wanted, exp.Limit) and isinstance(many, exp.Literal) and many.is_int):
        raise no_clause("LIMIT")
    return int(many.this)


def given(one: exp.Expr) -> list[str]:
    """Return the names of the parts that an expression really has."""
    return [name for name, value in one.args.items() if value not in (None, False, [])]


def not_allowed(one: exp.Expr) -> StatementRefused:
    """Return the refusal of an expression."""
    said = one.sql(dialect="duckdb", comments=False)[:60]
    return refused("FUNCTION_NOT_ALLOWED", f"不允许使用 {said}", f"{said} is not allowed")


def no_clause(name: str) -> StatementRefused:
    """Return the refusal of a clause."""
    return refused("CLAUSE_NOT_ALLOWED", f"不允许使用 {name}", f"{name} is not allowed")


def refused(code: str, zh: str, en: str) -> StatementRefused:
    """Return the refusal that tells one reason."""
    return StatementRefused.of((Refusal(code, zh, en),))
