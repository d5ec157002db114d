"""What a buyer's SQL may say; and a battery of what it may not."""

from typing import Any

import pytest

from delivery.egress import statements
from delivery.egress.statements import StatementRefused

TYPES = {
    "person_id": "integer",
    "name": "string",
    "id_card": "string",
    "city": "string",
    "age": "integer",
    "dept": "string",
    "amount": "decimal",
    "seen_on": "date",
}
HIDDEN = frozenset({"name", "id_card"})


def checked(sql: str) -> statements.Statement:
    """Check a statement against the table of the tests."""
    return statements.checked(sql, TYPES, hidden=HIDDEN)


ALLOWED: dict[str, dict[str, Any]] = {
    "SELECT count(*) FROM data": {"keys": [], "aggregates": ["count(*)"]},
    "SELECT city, count(*) FROM data GROUP BY city": {"keys": ['"city"']},
    "select City, Avg(AMOUNT) from data group by 1": {"aggregates": ['avg("amount")']},
    "SELECT city AS 城市, sum(amount) AS 总额 FROM data GROUP BY 城市 ORDER BY 2 DESC LIMIT 3": {
        "order": [["总额", True]],
        "limit": 3,
    },
    "SELECT year(seen_on) y, month(seen_on) m, sum(amount) FROM data GROUP BY 1, 2": {
        "keys": ['year("seen_on")', 'month("seen_on")']
    },
    "SELECT date_trunc('month', seen_on) m, count(*) FROM data GROUP BY m ORDER BY m": {
        "keys": ["date_trunc('month', \"seen_on\")"]
    },
    "SELECT sum(amount) / count(*) AS mean FROM data": {
        "outputs": [["mean", "(CAST(a0 AS DOUBLE) / nullif(a1, 0))", False]]
    },
    "SELECT round(avg(amount) * 2 - 1, 1) FROM data": {"aggregates": ['avg("amount")']},
    "SELECT count(DISTINCT person_id), count(name) FROM data": {
        "aggregates": ['count(DISTINCT "person_id")', 'count("name")']
    },
    "SELECT stddev(amount), variance(amount), -sum(age) FROM data": {
        "aggregates": ['stddev_samp("amount")', 'var_samp("amount")', 'sum("age")']
    },
    "SELECT count(*) FROM data WHERE city IN ('长沙') AND NOT age BETWEEN 1 AND 5 OR dept IS NULL": {  # noqa: E501
        "keys": []
    },
    "SELECT count(*) FROM data WHERE seen_on >= DATE '2026-01-01' AND amount > -1.5": {
        "where": '("seen_on" >= CAST(\'2026-01-01\' AS DATE) AND "amount" > -1.5)'
    },
}


@pytest.mark.parametrize(("sql", "written"), ALLOWED.items(), ids=range(len(ALLOWED)))
def test_aggregates_of_one_table_are_written_anew(sql: str, written: dict[str, Any]) -> None:
    found = checked(sql).written

    assert {name: found[name] for name in written} == written


HOSTILE = {
    # what is no single SELECT
    "": "ONE_STATEMENT",
    "SELECT": "OTHER_TABLE",
    "not sql at all (": "NOT_SQL",
    "SELECT count(*) FROM data; SELECT count(*) FROM data": "ONE_STATEMENT",
    "DROP TABLE data": "SELECT_ONLY",
    "DELETE FROM data": "SELECT_ONLY",
    "INSERT INTO data VALUES (1)": "SELECT_ONLY",
    "UPDATE data SET amount = 0": "SELECT_ONLY",
    "CREATE TABLE t AS SELECT * FROM data": "SELECT_ONLY",
    "CREATE MACRO count(x) AS 1": "SELECT_ONLY",
    "COPY (SELECT 1) TO '/srv/out.csv'": "SELECT_ONLY",
    "ATTACH '/etc/passwd' AS p": "SELECT_ONLY",
    "PRAGMA database_list": "SELECT_ONLY",
    "SET enable_external_access = true": "SELECT_ONLY",
    "INSTALL httpfs": "SELECT_ONLY",
    "SUMMARIZE data": "SELECT_ONLY",
    "DESCRIBE data": "SELECT_ONLY",
    "SELECT count(*) FROM data UNION SELECT 1": "SELECT_ONLY",
    "VALUES (1)": "SELECT_ONLY",
    # other tables, files, functions that make tables
    "SELECT count(*) FROM other": "OTHER_TABLE",
    "SELECT count(*) FROM '/etc/passwd'": "OTHER_TABLE",
    "SELECT count(*) FROM read_text('/etc/passwd')": "OTHER_TABLE",
    "SELECT count(*) FROM glob('*')": "OTHER_TABLE",
    "SELECT count(*) FROM main.data": "OTHER_TABLE",
    "SELECT count(*) FROM data AS d": "OTHER_TABLE",
    "SELECT count(*) FROM data USING SAMPLE 1 ROWS": "CLAUSE_NOT_ALLOWED",
    "SELECT count(*) FROM data, data d": "CLAUSE_NOT_ALLOWED",
    "SELECT count(*) FROM data JOIN data d ON true": "CLAUSE_NOT_ALLOWED",
    "SELECT count(*) FROM (SELECT * FROM data)": "CLAUSE_NOT_ALLOWED",
    "WITH d AS (SELECT * FROM data) SELECT count(*) FROM d": "CLAUSE_NOT_ALLOWED",
    "SELECT count(*) FROM duckdb_settings()": "OTHER_TABLE",
    "SELECT count(*) FROM information_schema.columns": "OTHER_TABLE",
    # clauses that let rows through, or that bisect what is hidden
    "SELECT city, count(*) FROM data GROUP BY city HAVING sum(amount) > 5": "CLAUSE_NOT_ALLOWED",
    "SELECT DISTINCT city FROM data": "CLAUSE_NOT_ALLOWED",
    "SELECT city, count(*) FROM data GROUP BY ROLLUP (city)": "FUNCTION_NOT_ALLOWED",
    "SELECT city, count(*) FROM data GROUP BY ALL": "CLAUSE_NOT_ALLOWED",
    "SELECT city FROM data QUALIFY row_number() OVER () = 1": "CLAUSE_NOT_ALLOWED",
    "SELECT sum(amount) OVER (PARTITION BY city) FROM data": "CLAUSE_NOT_ALLOWED",
    "SELECT count(*) FROM data OFFSET 1": "CLAUSE_NOT_ALLOWED",
    "SELECT count(*) FROM data LIMIT (SELECT 1)": "CLAUSE_NOT_ALLOWED",
    "SELECT (SELECT count(*) FROM data) FROM data": "CLAUSE_NOT_ALLOWED",
    "SELECT count(*) FROM data WHERE EXISTS (SELECT 1 FROM data)": "CLAUSE_NOT_ALLOWED",
    "SELECT count(*) FROM data WHERE age = ?": "CLAUSE_NOT_ALLOWED",
    "SELECT city, count(*) FROM data GROUP BY city ORDER BY max(amount)": "ORDER_BY_OUTPUT",
    # raw values
    "SELECT * FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT amount FROM data": "RAW_COLUMN",
    "SELECT city, amount, count(*) FROM data GROUP BY city": "RAW_COLUMN",
    "SELECT 1 FROM data": "NO_AGGREGATE",
    "SELECT city FROM data GROUP BY city": "NO_AGGREGATE",
    "SELECT max(amount) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT min(amount) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT list(amount) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT string_agg(city, ',') FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT arg_max(city, amount) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT first(amount) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT any_value(amount) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT median(amount) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT quantile_cont(amount, 0.99) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT histogram(amount) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT bit_xor(person_id) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT sum(amount) FILTER (WHERE age = 99) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT sum(CASE WHEN age = 99 THEN amount END) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT sum(amount * power(10, age)) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT sum(DISTINCT amount) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT count(DISTINCT city, age) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT error(city) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT getenv('HOME') FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT current_setting('allowed_paths'), count(*) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT version(), count(*) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT round(sum(amount), age) FROM data": "FUNCTION_NOT_ALLOWED",
    "SELECT data FROM data": "NO_COLUMN",
    "SELECT rowid, count(*) FROM data GROUP BY rowid": "NO_COLUMN",
    "SELECT other.city, count(*) FROM data GROUP BY 1": "OTHER_TABLE",
    "SELECT city, count(*) FROM data GROUP BY 7": "NO_COLUMN",
    # people, and what tells one of them
    "SELECT name, count(*) FROM data GROUP BY name": "PERSONAL_COLUMN",
    "SELECT count(*) FROM data WHERE name = '张三'": "PERSONAL_COLUMN",
    "SELECT sum(id_card) FROM data": "PERSONAL_COLUMN",
    "SELECT sum(city) FROM data": "NOT_A_NUMBER",
    "SELECT count(*) FROM data WHERE regexp_matches(city, '^x')": "FUNCTION_NOT_ALLOWED",
    "SELECT count(*) FROM data WHERE city LIKE '长%'": "FUNCTION_NOT_ALLOWED",
    "SELECT count(*) FROM data WHERE age % 7 = 3": "FUNCTION_NOT_ALLOWED",
    "SELECT count(*) FROM data WHERE hash(city) = 1": "FUNCTION_NOT_ALLOWED",
    "SELECT count(*) FROM data WHERE CAST(city AS INTEGER) = 1": "FUNCTION_NOT_ALLOWED",
    "SELECT count(*) FROM data WHERE seen_on = CAST(city AS DATE)": "FUNCTION_NOT_ALLOWED",
    "SELECT age % 7, count(*) FROM data GROUP BY 1": "FUNCTION_NOT_ALLOWED",
    "SELECT lower(city), count(*) FROM data GROUP BY 1": "FUNCTION_NOT_ALLOWED",
    "SELECT date_trunc('second', seen_on), count(*) FROM data GROUP BY 1": "FUNCTION_NOT_ALLOWED",
    "SELECT year(DATE '2026-01-01'), count(*) FROM data GROUP BY 1": "FUNCTION_NOT_ALLOWED",
    "SELECT max(na​me) FROM data": "FUNCTION_NOT_ALLOWED",
    # too much
    f"SELECT count(*) FROM data WHERE city = '{'x' * 4000}'": "SQL_TOO_LONG",
    f"SELECT count(*) FROM data WHERE age IN ({', '.join('1' * 400)})": "TOO_MANY_PARTS",
    f"SELECT count(*) FROM data WHERE {'(' * 60}age = 1{')' * 60}": "NOT_SQL",
    f"SELECT {', '.join(['count(*)'] * 21)} FROM data": "TOO_MANY_PARTS",
    "SELECT city, age, dept, seen_on, person_id, count(*) FROM data GROUP BY 1, 2, 3, 4, 5": (
        "TOO_MANY_PARTS"
    ),
}


@pytest.mark.parametrize(("sql", "code"), HOSTILE.items(), ids=range(len(HOSTILE)))
def test_what_is_not_known_to_be_safe_is_refused(sql: str, code: str) -> None:
    with pytest.raises(StatementRefused) as refused:
        checked(sql)

    assert [refusal.code for refusal in refused.value.refusals] == [code]


def test_the_battery_is_large() -> None:
    assert len(HOSTILE) >= 40
