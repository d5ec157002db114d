"""What a buyer's SQL may say, and nothing else: one SELECT of aggregates over one table. Pure.

The statement is taken apart, and what runs is written anew from the parts that are known:
group keys, aggregates of plain columns, a condition. Nothing of the buyer's own text is
run. Whatever stands in no list here is refused, with its reason.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlglot import exp

from delivery.egress import parsing
from delivery.egress.parsing import StatementRefused as StatementRefused
from delivery.quoting import identifier

KEYS_MAX: Final = 4
OUTPUTS_MAX: Final = 20


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
_KINDS: Final[Mapping[type[exp.Expr], str]] = {
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

_SIGNS: Final[Mapping[type[exp.Expr], str]] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
_ARITHMETIC: Final = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Paren)
_CONDITIONS: Final = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE,
    exp.Between, exp.In, exp.Is, exp.Null, exp.Boolean, exp.Literal, exp.Column, exp.Neg,
    exp.Identifier, exp.Cast, exp.DataType,
)  # fmt: skip
_PARTS: Final = (exp.Year, exp.Quarter, exp.Month, exp.Day)


def checked(sql: str, types: Mapping[str, str], *, hidden: frozenset[str]) -> Statement:
    """Return the statement, if it may run.

    types: column → "integer", "decimal", "string" … hidden: columns that hold people; they
    are counted and nothing else. Raises StatementRefused: SQL_TOO_LONG, NOT_SQL,
    ONE_STATEMENT, SELECT_ONLY, OTHER_TABLE, CLAUSE_NOT_ALLOWED, FUNCTION_NOT_ALLOWED,
    NO_AGGREGATE, RAW_COLUMN, NO_COLUMN, PERSONAL_COLUMN, TOO_MANY_PARTS, ORDER_BY_OUTPUT.
    """
    tree = parsing.parsed(sql)
    reader = _Reader(types, hidden)
    return reader.read(tree)


class _Reader:
    """Takes one SELECT apart; it knows the columns, and what it has found so far."""

    def __init__(self, types: Mapping[str, str], hidden: frozenset[str]) -> None:
        self._types = types
        self._hidden = hidden
        self._folded = {name.casefold(): name for name in types}
        self._aggregates: list[Aggregate] = []
        self._columns: set[str] = set()

    def read(self, tree: exp.Select) -> Statement:
        """Return what the SELECT says. Raises StatementRefused."""
        parsing.check_clauses(tree)
        parsing.check_source(tree)
        selected = [_named(one) for one in tree.expressions]
        if not selected or len(selected) > OUTPUTS_MAX:
            raise parsing.refused(
                "TOO_MANY_PARTS", f"输出 1 至 {OUTPUTS_MAX} 列", f"1 to {OUTPUTS_MAX} outputs"
            )
        keys = self._keys(tree, selected)
        outputs = tuple(self._output(name, one, keys) for name, one in selected)
        if not self._aggregates:
            raise parsing.refused("NO_AGGREGATE", "须为汇总查询", "the result must be aggregated")
        where = tree.args.get("where")
        condition = self._condition(where.this) if where else "TRUE"
        return Statement(
            keys=tuple(Key(sql, name) for sql, name in keys.items()),
            aggregates=tuple(self._aggregates),
            outputs=outputs,
            where=condition,
            order=parsing.order(tree, [one.name for one in outputs]),
            limit=parsing.limit(tree),
            columns=frozenset(self._columns),
        )

    def _keys(self, tree: exp.Select, selected: list[tuple[str, exp.Expr]]) -> dict[str, str]:
        """Return the SQL of each group key → its name among the outputs, if it is one."""
        group = tree.args.get("group")
        if group is None:
            return {}
        if any(value for name, value in group.args.items() if name != "expressions"):
            raise parsing.no_clause("GROUP BY ALL / ROLLUP / CUBE")
        by_name = dict(selected)
        keys: dict[str, str] = {}
        for one in group.expressions:
            meant = self._meant(one, selected, by_name)
            sql = self._scalar(meant)
            name = next((name for name, each in selected if each == meant), "")
            keys[sql] = name
        if len(keys) > KEYS_MAX:
            raise parsing.refused(
                "TOO_MANY_PARTS", f"分组键至多 {KEYS_MAX} 个", f"at most {KEYS_MAX} keys"
            )
        return keys

    def _meant(
        self,
        one: exp.Expr,
        selected: list[tuple[str, exp.Expr]],
        by_name: Mapping[str, exp.Expr],
    ) -> exp.Expr:
        """Return what a group key stands for: a place, an alias, or itself."""
        if isinstance(one, exp.Literal) and one.is_int:
            place = int(one.this)
            if not 1 <= place <= len(selected):
                raise parsing.refused("NO_COLUMN", "没有这一列", "there is no such place")
            return selected[place - 1][1]
        if isinstance(one, exp.Column) and one.name in by_name and not self._known(one.name):
            return by_name[one.name]
        return one

    def _output(self, name: str, one: exp.Expr, keys: Mapping[str, str]) -> Output:
        if not one.find(exp.AggFunc) and keys:
            sql = self._scalar(one)
            if sql in keys:
                return Output(name, f"k{[*keys].index(sql)}", is_key=True)
        return Output(name, self._over_aggregates(one), is_key=False)

    def _over_aggregates(self, one: exp.Expr) -> str:
        if isinstance(one, exp.Literal) and not one.is_string:
            return one.sql(dialect="duckdb")
        if isinstance(one, exp.Round) and set(parsing.given(one)) <= {"this", "decimals"}:
            return self._rounded(one)
        if isinstance(one, _ARITHMETIC):
            inner = [self._over_aggregates(each) for each in _operands(one)]
            return _arithmetic(one, inner)
        kind = _KINDS.get(type(one))
        if kind is not None:
            return f"a{self._aggregate(kind, one)}"
        if isinstance(one, exp.Column):
            self._column(one)
            raise parsing.refused(
                "RAW_COLUMN",
                f"列 {one.name} 须汇总或分组",
                f"{one.name} is neither grouped nor aggregated",
            )
        raise parsing.not_allowed(one)

    def _rounded(self, one: exp.Round) -> str:
        digits = one.args.get("decimals")
        if digits is not None and not (isinstance(digits, exp.Literal) and digits.is_int):
            raise parsing.not_allowed(one)
        return f"round({self._over_aggregates(one.this)}, {digits.this if digits else 0})"

    def _aggregate(self, kind: str, one: exp.Expr) -> int:
        of = one.this
        extra = [name for name in parsing.given(one) if name not in {"this", "big_int"}]
        if extra:
            raise parsing.not_allowed(one)
        if isinstance(of, exp.Star) and kind == "count" and not parsing.given(of):
            return self._placed(Aggregate("count", None))
        if isinstance(of, exp.Distinct) and kind == "count" and len(of.expressions) == 1:
            if [name for name in parsing.given(of) if name != "expressions"]:
                raise parsing.not_allowed(one)
            kind, of = "count_distinct", of.expressions[0]
        if not isinstance(of, exp.Column):
            raise parsing.refused(
                "FUNCTION_NOT_ALLOWED",
                "汇总函数只接受单一列",
                "an aggregate takes one plain column",
            )
        column = self._column(of, counted=kind.startswith("count"))
        if kind in _SUMMED and self._types[column] not in _NUMERIC:
            raise parsing.refused("NOT_A_NUMBER", f"列 {column} 不是数值", f"{column} is no number")
        return self._placed(Aggregate(kind, column))

    def _placed(self, aggregate: Aggregate) -> int:
        if aggregate not in self._aggregates:
            self._aggregates.append(aggregate)
        return self._aggregates.index(aggregate)

    def _scalar(self, one: exp.Expr) -> str:
        """Return a group key as SQL: a column, a part of a date, or a date cut off."""
        if isinstance(one, exp.Column):
            return identifier(self._column(one))
        if isinstance(one, _PARTS) and [*parsing.given(one)] == ["this"]:
            return f"{type(one).__name__.lower()}({self._date(one.this)})"
        if isinstance(one, exp.TimestampTrunc | exp.DateTrunc):
            unit = one.args["unit"].name.upper()
            if unit in _UNITS and set(parsing.given(one)) <= {"this", "unit"}:
                return f"date_trunc('{unit.lower()}', {self._date(one.this)})"
        raise parsing.not_allowed(one)

    def _date(self, one: exp.Expr) -> str:
        # The parser wraps what it takes for a date in casts of its own.
        while isinstance(one, exp.Cast | exp.TsOrDsToDate | exp.TsOrDsToTimestamp):
            one = one.this
        if not isinstance(one, exp.Column):
            raise parsing.not_allowed(one)
        return identifier(self._column(one))

    def _condition(self, one: exp.Expr) -> str:
        for node in one.walk():
            if not isinstance(node, _CONDITIONS):
                raise parsing.not_allowed(node)
            if isinstance(node, exp.In) and set(parsing.given(node)) - {"this", "expressions"}:
                raise parsing.not_allowed(node)
            if isinstance(node, exp.Cast):
                parsing.check_cast(node)
            if isinstance(node, exp.Column):
                self._column(node)
        return self._rewritten(one)

    def _rewritten(self, one: exp.Expr) -> str:
        copy = one.copy()
        for node in copy.find_all(exp.Column):
            node.set("this", exp.to_identifier(self._column(node), quoted=True))
            node.set("table", None)
        return f"({copy.sql(dialect='duckdb', comments=False)})"

    def _column(self, one: exp.Column, *, counted: bool = False) -> str:
        if one.args.get("db") or one.args.get("catalog") or one.table not in {"", parsing.TABLE}:
            raise parsing.refused(
                "OTHER_TABLE", f"只有表 {parsing.TABLE}", f"{parsing.TABLE} is the only table"
            )
        known = self._known(one.name)
        if known is None or not isinstance(one.this, exp.Identifier):
            raise parsing.refused(
                "NO_COLUMN", f"没有列 {one.name}", f"there is no column {one.name}"
            )
        if known in self._hidden and not counted:
            raise parsing.refused(
                "PERSONAL_COLUMN",
                f"列 {known} 含个人信息，只能计数",
                f"{known} holds people: count it only",
            )
        self._columns.add(known)
        return known

    def _known(self, name: str) -> str | None:
        return name if name in self._types else self._folded.get(name.casefold())


def _named(one: exp.Expr) -> tuple[str, exp.Expr]:
    if isinstance(one, exp.Alias):
        return one.alias, one.this
    return one.sql(dialect="duckdb", comments=False)[:100], one


def _operands(one: exp.Expr) -> Iterator[exp.Expr]:
    yield one.this
    if isinstance(one, exp.Binary):
        yield one.expression


def _arithmetic(one: exp.Expr, inner: list[str]) -> str:
    if isinstance(one, exp.Paren):
        return f"({inner[0]})"
    if isinstance(one, exp.Neg):
        return f"(-{inner[0]})"
    if isinstance(one, exp.Div):
        return f"(CAST({inner[0]} AS DOUBLE) / nullif({inner[1]}, 0))"
    return f"({inner[0]} {_SIGNS[type(one)]} {inner[1]})"
