"""What a buyer's SQL may say, and nothing else: one SELECT of aggregates over one table. Pure.

The statement is taken apart, and what runs is written anew from the parts that are known:
group keys, aggregates of plain columns, a condition. Nothing of the buyer's own text is
run. Whatever stands in no list here is refused, with its reason.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from delivery.quoting import identifier
from kernel.errors import DomainError, Kind, Refusal
from kernel.words import Words

# What it cannot parse it would write into our log, a stranger's words among ours.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

TABLE: Final = "data"
"""The one table that there is."""

SQL_MAX: Final = 4000
KEYS_MAX: Final = 4
OUTPUTS_MAX: Final = 20
NODES_MAX: Final = 300
_DEPTH_MAX: Final = 30


class StatementRefused(DomainError):
    """The statement says something that is not run here, or not safe yet."""

    kind = Kind.INVALID
    code = "statement-refused"
    title = Words("查询语句不被允许", "This statement is not allowed")


@dataclass(frozen=True, slots=True)
class Key:
    """A group key: its SQL, and the name under which it goes out."""

    sql: str
    name: str


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate: "count", "count_distinct", "sum", "avg", "stddev", "variance" of a column.

    column: None counts rows.
    """

    kind: str
    column: str | None

    @property
    def sql(self) -> str:
        """The aggregate as it is run."""
        if self.column is None:
            return "count(*)"
        return _AGGREGATES[self.kind].format(identifier(self.column))


@dataclass(frozen=True, slots=True)
class Output:
    """A column of the result: a group key, or arithmetic over aggregates.

    sql: over the names `k0`, `k1` … of keys and `a0`, `a1` … of aggregates.
    """

    name: str
    sql: str
    is_key: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that may run. where: its condition as SQL, "TRUE" for none.

    order: (output, descending) each. limit: rows at most. columns: all that it looks at.
    """

    keys: tuple[Key, ...]
    aggregates: tuple[Aggregate, ...]
    outputs: tuple[Output, ...]
    where: str
    order: tuple[tuple[str, bool], ...]
    limit: int | None
    columns: frozenset[str]

    @property
    def written(self) -> dict[str, Any]:
        """The statement as JSON, for the process that runs it."""
        return {
            "keys": [key.sql for key in self.keys],
            "aggregates": [one.sql for one in self.aggregates],
            "looked_at": sorted(
                {(one.column, one.kind in _SUMMED) for one in self.aggregates if one.column}
            ),
            "outputs": [[one.name, one.sql, one.is_key] for one in self.outputs],
            "where": self.where,
            "order": [list(one) for one in self.order],
            "limit": self.limit,
        }


_AGGREGATES: Final[Mapping[str, str]] = {
    "count": "count({})",
    "count_distinct": "count(DISTINCT {})",
    "sum": "sum({})",
    "avg": "avg({})",
    "stddev": "stddev_samp({})",
    "variance": "var_samp({})",
}
_KINDS: Final[Mapping[type[exp.Expression], str]] = {
    exp.Count: "count",
    exp.Sum: "sum",
    exp.Avg: "avg",
    exp.Stddev: "stddev",
    exp.StddevSamp: "stddev",
    exp.Variance: "variance",
}
_SUMMED: Final = frozenset({"sum", "avg", "stddev", "variance"})
_NUMERIC: Final = frozenset({"integer", "decimal"})
_UNITS: Final = frozenset({"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR"})

_ARITHMETIC: Final = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Paren)
_CONDITIONS: Final = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE,
    exp.Between, exp.In, exp.Is, exp.Null, exp.Boolean, exp.Literal, exp.Column, exp.Neg,
    exp.Identifier, exp.Cast, exp.DataType,
)  # fmt: skip
_DATES: Final = frozenset({"DATE", "TIMESTAMP", "TIMESTAMPNTZ", "DATETIME"})
_PARTS: Final = (exp.Year, exp.Quarter, exp.Month, exp.Day)
_CLAUSES: Final = frozenset({"expressions", "from_", "where", "group", "order", "limit"})


def checked(sql: str, types: Mapping[str, str], *, hidden: frozenset[str]) -> Statement:
    """Return the statement, if it may run.

    types: column → "integer", "decimal", "string" … hidden: columns that hold people; they
    are counted and nothing else. Raises StatementRefused: SQL_TOO_LONG, NOT_SQL,
    ONE_STATEMENT, SELECT_ONLY, OTHER_TABLE, CLAUSE_NOT_ALLOWED, FUNCTION_NOT_ALLOWED,
    NO_AGGREGATE, RAW_COLUMN, NO_COLUMN, PERSONAL_COLUMN, TOO_MANY_PARTS, ORDER_BY_OUTPUT.
    """
    tree = _parsed(sql)
    reader = _Reader(types, hidden)
    return reader.read(tree)


def _parsed(sql: str) -> exp.Select:
    if len(sql) > SQL_MAX:
        raise _no("SQL_TOO_LONG", f"语句至多 {SQL_MAX} 个字符", f"at most {SQL_MAX} characters")
    try:
        found = [one for one in sqlglot.parse(sql, dialect="duckdb") if one is not None]
    except (SqlglotError, RecursionError, ValueError) as error:
        raise _no("NOT_SQL", "语句无法解析", "the statement cannot be parsed") from error
    if len(found) != 1:
        raise _no("ONE_STATEMENT", "只能提交一条语句", "one statement, and only one")
    tree = found[0]
    if type(tree) is not exp.Select:
        raise _no("SELECT_ONLY", "只能是 SELECT", "a SELECT, and nothing else")
    nodes = sum(1 for _ in tree.walk())
    if nodes > NODES_MAX or any(node.depth > _DEPTH_MAX for node in tree.walk()):
        raise _no("TOO_MANY_PARTS", "语句过于复杂", "the statement has too many parts")
    return tree


class _Reader:
    """Takes one SELECT apart; it knows the columns, and what it has found so far."""

    def __init__(self, types: Mapping[str, str], hidden: frozenset[str]) -> None:
        self._types = types
        self._hidden = hidden
        self._folded = {name.casefold(): name for name in types}
        self._aggregates: list[Aggregate] = []
        self._columns: set[str] = set()

    def read(self, tree: exp.Select) -> Statement:
        _check_clauses(tree)
        _check_source(tree)
        selected = [_named(one) for one in tree.expressions]
        if not selected or len(selected) > OUTPUTS_MAX:
            raise _no("TOO_MANY_PARTS", f"输出 1 至 {OUTPUTS_MAX} 列", f"1 to {OUTPUTS_MAX} outputs")
        keys = self._keys(tree, selected)
        outputs = tuple(self._output(name, one, keys) for name, one in selected)
        if not self._aggregates:
            raise _no("NO_AGGREGATE", "须为汇总查询", "the result must be aggregated")
        where = tree.args.get("where")
        condition = self._condition(where.this) if where else "TRUE"
        return Statement(
            keys=tuple(Key(sql, name) for sql, name in keys.items()),
            aggregates=tuple(self._aggregates),
            outputs=outputs,
            where=condition,
            order=_order(tree, [one.name for one in outputs]),
            limit=_limit(tree),
            columns=frozenset(self._columns),
        )

    def _keys(
        self, tree: exp.Select, selected: list[tuple[str, exp.Expression]]
    ) -> dict[str, str]:
        """Return the SQL of each group key → its name among the outputs, if it is one."""
        group = tree.args.get("group")
        if group is None:
            return {}
        if any(value for name, value in group.args.items() if name != "expressions"):
            raise _clause("GROUP BY ALL / ROLLUP / CUBE")
        by_name = dict(selected)
        keys: dict[str, str] = {}
        for one in group.expressions:
            meant = self._meant(one, selected, by_name)
            sql = self._scalar(meant)
            name = next((name for name, each in selected if each == meant), "")
            keys[sql] = name
        if len(keys) > KEYS_MAX:
            raise _no("TOO_MANY_PARTS", f"分组键至多 {KEYS_MAX} 个", f"at most {KEYS_MAX} keys")
        return keys

    def _meant(
        self,
        one: exp.Expression,
        selected: list[tuple[str, exp.Expression]],
        by_name: Mapping[str, exp.Expression],
    ) -> exp.Expression:
        """Return what a group key stands for: a place, an alias, or itself."""
        if isinstance(one, exp.Literal) and one.is_int:
            place = int(one.this)
            if not 1 <= place <= len(selected):
                raise _no("NO_COLUMN", "没有这一列", "there is no such place")
            return selected[place - 1][1]
        if isinstance(one, exp.Column) and one.name in by_name and not self._known(one.name):
            return by_name[one.name]
        return one

    def _output(self, name: str, one: exp.Expression, keys: Mapping[str, str]) -> Output:
        if not one.find(exp.AggFunc) and keys:
            sql = self._scalar(one)
            if sql in keys:
                return Output(name, f"k{[*keys].index(sql)}", is_key=True)
        return Output(name, self._over_aggregates(one), is_key=False)

    def _over_aggregates(self, one: exp.Expression) -> str:
        if isinstance(one, exp.Literal) and not one.is_string:
            return one.sql(dialect="duckdb")
        if isinstance(one, exp.Round) and set(_given(one)) <= {"this", "decimals"}:
            return self._rounded(one)
        if isinstance(one, _ARITHMETIC):
            inner = [self._over_aggregates(each) for each in _operands(one)]
            return _arithmetic(one, inner)
        kind = _KINDS.get(type(one))
        if kind is not None:
            return f"a{self._aggregate(kind, one)}"
        if isinstance(one, exp.Column):
            self._column(one)
            raise _no(
                "RAW_COLUMN", f"列 {one.name} 须汇总或分组", f"{one.name} is neither grouped nor aggregated"
            )
        raise _function(one)

    def _rounded(self, one: exp.Round) -> str:
        digits = one.args.get("decimals")
        if digits is not None and not (isinstance(digits, exp.Literal) and digits.is_int):
            raise _function(one)
        return f"round({self._over_aggregates(one.this)}, {digits.this if digits else 0})"

    def _aggregate(self, kind: str, one: exp.Expression) -> int:
        of = one.this
        extra = [name for name in _given(one) if name not in {"this", "big_int"}]
        if extra:
            raise _function(one)
        if isinstance(of, exp.Star) and kind == "count" and not _given(of):
            return self._placed(Aggregate("count", None))
        if isinstance(of, exp.Distinct) and kind == "count" and len(of.expressions) == 1:
            if [name for name in _given(of) if name != "expressions"]:
                raise _function(one)
            kind, of = "count_distinct", of.expressions[0]
        if not isinstance(of, exp.Column):
            raise _no(
                "FUNCTION_NOT_ALLOWED", "汇总函数只接受单一列", "an aggregate takes one plain column"
            )
        column = self._column(of, counted=kind.startswith("count"))
        if kind in _SUMMED and self._types[column] not in _NUMERIC:
            raise _no("NOT_A_NUMBER", f"列 {column} 不是数值", f"{column} is no number")
        return self._placed(Aggregate(kind, column))

    def _placed(self, aggregate: Aggregate) -> int:
        if aggregate not in self._aggregates:
            self._aggregates.append(aggregate)
        return self._aggregates.index(aggregate)

    def _scalar(self, one: exp.Expression) -> str:
        """Return a group key as SQL: a column, a part of a date, or a date cut off."""
        if isinstance(one, exp.Column):
            return identifier(self._column(one))
        if isinstance(one, _PARTS) and [*_given(one)] == ["this"]:
            return f"{type(one).__name__.lower()}({self._date(one.this)})"
        if isinstance(one, exp.TimestampTrunc | exp.DateTrunc):
            unit = one.args["unit"].name.upper()
            if unit in _UNITS and set(_given(one)) <= {"this", "unit"}:
                return f"date_trunc('{unit.lower()}', {self._date(one.this)})"
        raise _function(one)

    def _date(self, one: exp.Expression) -> str:
        # The parser wraps what it takes for a date in casts of its own.
        while isinstance(one, exp.Cast | exp.TsOrDsToDate | exp.TsOrDsToTimestamp):
            one = one.this
        if not isinstance(one, exp.Column):
            raise _function(one)
        return identifier(self._column(one))

    def _condition(self, one: exp.Expression) -> str:
        for node in one.walk():
            if not isinstance(node, _CONDITIONS):
                raise _function(node)
            if isinstance(node, exp.In) and set(_given(node)) - {"this", "expressions"}:
                raise _function(node)
            if isinstance(node, exp.Cast):
                _check_cast(node)
            if isinstance(node, exp.Column):
                self._column(node)
        return self._rewritten(one)

    def _rewritten(self, one: exp.Expression) -> str:
        copy = one.copy()
        for node in copy.find_all(exp.Column):
            node.set("this", exp.to_identifier(self._column(node), quoted=True))
            node.set("table", None)
        return f"({copy.sql(dialect='duckdb', comments=False)})"

    def _column(self, one: exp.Column, *, counted: bool = False) -> str:
        if one.args.get("db") or one.args.get("catalog") or one.table not in {"", TABLE}:
            raise _no("OTHER_TABLE", f"只有表 {TABLE}", f"{TABLE} is the only table")
        known = self._known(one.name)
        if known is None or not isinstance(one.this, exp.Identifier):
            raise _no("NO_COLUMN", f"没有列 {one.name}", f"there is no column {one.name}")
        if known in self._hidden and not counted:
            raise _no(
                "PERSONAL_COLUMN", f"列 {known} 含个人信息，只能计数", f"{known} holds people: count it only"
            )
        self._columns.add(known)
        return known

    def _known(self, name: str) -> str | None:
        return name if name in self._types else self._folded.get(name.casefold())


def _check_clauses(tree: exp.Select) -> None:
    for name, value in tree.args.items():
        if value and name not in _CLAUSES:
            raise _clause(name.rstrip("_").upper())
    for kind in (exp.Subquery, exp.Window, exp.Join, exp.Lateral, exp.With, exp.Placeholder):
        if tree.find(kind) is not None:
            raise _clause(kind.__name__.upper())
    if sum(1 for _ in tree.find_all(exp.Query)) != 1:
        raise _clause("SUBQUERY")


def _check_source(tree: exp.Select) -> None:
    source = tree.args.get("from_")
    table = source.this if source is not None else None
    plain = (
        isinstance(table, exp.Table)
        and isinstance(table.this, exp.Identifier)
        and table.name == TABLE
        and set(_given(table)) == {"this"}
    )
    if not plain:
        raise _no("OTHER_TABLE", f"只能查询表 {TABLE}", f"FROM {TABLE}, and nothing else")


def _check_cast(node: exp.Cast) -> None:
    to = node.args["to"]
    dated = to.this.name in _DATES and not to.expressions
    if not (dated and isinstance(node.this, exp.Literal) and node.this.is_string):
        raise _function(node)


def _named(one: exp.Expression) -> tuple[str, exp.Expression]:
    if isinstance(one, exp.Alias):
        return one.alias, one.this
    return one.sql(dialect="duckdb", comments=False)[:100], one


def _order(tree: exp.Select, names: list[str]) -> tuple[tuple[str, bool], ...]:
    order = tree.args.get("order")
    found = []
    for one in order.expressions if order else ():
        by = one.this if isinstance(one, exp.Ordered) else one
        place = int(by.this) if isinstance(by, exp.Literal) and by.is_int else 0
        name = names[place - 1] if 1 <= place <= len(names) else by.sql(dialect="duckdb").strip('"')
        if name not in names:
            raise _no("ORDER_BY_OUTPUT", "只能按输出列排序", "it is ordered by its outputs only")
        found.append((name, bool(one.args.get("desc"))))
    return tuple(found)


def _limit(tree: exp.Select) -> int | None:
    limit = tree.args.get("limit")
    if limit is None:
        return None
    many = limit.args.get("expression")
    if not (isinstance(limit, exp.Limit) and isinstance(many, exp.Literal) and many.is_int):
        raise _clause("LIMIT")
    return int(many.this)


def _operands(one: exp.Expression) -> Iterator[exp.Expression]:
    yield one.this
    if isinstance(one, exp.Binary):
        yield one.expression


def _arithmetic(one: exp.Expression, inner: list[str]) -> str:
    if isinstance(one, exp.Paren):
        return f"({inner[0]})"
    if isinstance(one, exp.Neg):
        return f"(-{inner[0]})"
    if isinstance(one, exp.Div):
        return f"(CAST({inner[0]} AS DOUBLE) / nullif({inner[1]}, 0))"
    sign = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}[type(one)]
    return f"({inner[0]} {sign} {inner[1]})"


def _given(one: exp.Expression) -> list[str]:
    return [name for name, value in one.args.items() if value not in (None, False, [])]


def _function(one: exp.Expression) -> StatementRefused:
    said = one.sql(dialect="duckdb", comments=False)[:60]
    return _no("FUNCTION_NOT_ALLOWED", f"不允许使用 {said}", f"{said} is not allowed")


def _clause(name: str) -> StatementRefused:
    return _no("CLAUSE_NOT_ALLOWED", f"不允许使用 {name}", f"{name} is not allowed")


def _no(code: str, zh: str, en: str) -> StatementRefused:
    return StatementRefused.of((Refusal(code, zh, en),))
