"""Programs that only write the rows of an order: what the ledger is measured against."""

# ruff: noqa: S603, S608 - what is run and sent is written in this file

import shutil
import sqlite3
import subprocess
from contextlib import closing
from itertools import count
from pathlib import Path
from time import perf_counter

# The same columns, keys and indexes as the ledger's, and nothing that checks anything.
_TABLES = (
    "CREATE TABLE limit_accounts (id {id}, code text, owner text, currency text, book text,"
    " kind text, guard text, UNIQUE (code, owner, currency), UNIQUE (id, currency, book),"
    " UNIQUE (id, guard))",
    "CREATE TABLE limit_balances (account_id bigint PRIMARY KEY REFERENCES limit_accounts (id),"
    " guard text, debits bigint, credits bigint)",
    "CREATE TABLE limit_entries (id {id}, event text, source_id text, seq int, period_id text,"
    " n int, reverses bigint UNIQUE, order_id text, person text, organisation text,"
    " effective_on text, recorded_at text, UNIQUE (event, source_id, seq), UNIQUE (id, n))",
    "CREATE INDEX limit_entries_order ON limit_entries (order_id, id)",
    "CREATE INDEX limit_entries_period ON limit_entries (period_id, id)",
    "CREATE INDEX limit_entries_effective_on ON limit_entries (effective_on, id)",
    "CREATE TABLE limit_seals (entry_id bigint PRIMARY KEY REFERENCES limit_entries (id),"
    " n int, content_hash text)",
    "CREATE TABLE limit_postings (entry_id bigint REFERENCES limit_entries (id), line_no int,"
    " n int, debit_id bigint REFERENCES limit_accounts (id),"
    " credit_id bigint REFERENCES limit_accounts (id), currency text, book text, amount bigint,"
    " PRIMARY KEY (entry_id, line_no))",
    "CREATE INDEX limit_postings_debit ON limit_postings (debit_id, entry_id, line_no)",
    "CREATE INDEX limit_postings_credit ON limit_postings (credit_id, entry_id, line_no)",
    "CREATE TABLE limit_hot (credits bigint)",
    "INSERT INTO limit_hot VALUES (0)",
    # Accounts 1 to 500 are there before: the bank's, the parties', the exchange's.
    "INSERT INTO limit_accounts (code, owner, currency, book, kind, guard)"
    " SELECT 'there', CAST(n AS text), 'CNY', 'money', 'liability', 'credit' FROM ({numbers}) x",
    "INSERT INTO limit_balances SELECT id, guard, 0, 0 FROM limit_accounts",
)
_IDS = {"sqlite": "INTEGER PRIMARY KEY", "postgresql": "bigserial PRIMARY KEY"}
_NUMBERS = {
    "sqlite": "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 500)"
    " SELECT n FROM s",
    "postgresql": "SELECT n FROM generate_series(1, 500) AS s (n)",
}

NEW = ("suspense", "escrow", "accepted", "turnover")
"""The accounts that an order opens."""

# Lines by debit and credit: a new account by name, one that is there by number.
ENTRIES = (
    (("1", "suspense"),),
    (("suspense", "escrow"),),
    (("escrow", "accepted"), ("2", "turnover")),
    (("accepted", "party"), ("accepted", "operator"), ("accepted", "treasury"),
     ("accepted", "3"), ("accepted", "4")),
)  # fmt: skip
MOVED = (
    ("suspense",), ("suspense", "escrow"), ("escrow", "accepted", "turnover"),
    ("accepted", "party", "operator", "treasury"),
)  # fmt: skip
"""The guarded accounts whose balances each entry moves."""


def tables(dialect: str) -> list[str]:
    """Return the SQL that makes the tables on "sqlite" or "postgresql"."""
    return [one.format(id=_IDS[dialect], numbers=_NUMBERS[dialect]) for one in _TABLES]


def _pgbench() -> str:
    def of(name: str) -> str:
        return name if name.isdigit() else f":{name}"

    lines = [
        "\\set party random(10, 442)", "\\set operator random(450, 469)",
        "\\set treasury random(480, 493)", "\\set one random(1, 9000000000000000)", "BEGIN;",
    ]  # fmt: skip
    for name in NEW:
        lines.append(
            "INSERT INTO limit_accounts (code, owner, currency, book, kind, guard) VALUES"
            f" ('{name}', 'ord_' || :one, 'CNY', 'money', 'liability', 'credit')"
            f" RETURNING id AS {name} \\gset"
        )
        lines.append(f"INSERT INTO limit_balances VALUES (:{name}, 'credit', 0, 0);")
    for number, rows in enumerate(ENTRIES):
        lines.append(
            "INSERT INTO limit_entries (event, source_id, seq, period_id, n, order_id, person,"
            f" organisation, effective_on, recorded_at) VALUES ('event.{number}', 'ord_' || :one,"
            f" 0, '2026-07', {len(rows)}, 'ord_' || :one, 'system', 'system', '2026-07-01',"
            " '2026-07-01T04:00:00') RETURNING id AS entry \\gset"
        )
        lines += [
            f"INSERT INTO limit_postings VALUES (:entry, {line}, {len(rows)}, {of(debit)},"
            f" {of(credit)}, 'CNY', 'money', 10000);"
            for line, (debit, credit) in enumerate(rows, start=1)
        ]
        lines += [
            f"UPDATE limit_balances SET credits = credits + 10000 WHERE account_id = {of(name)};"
            for name in MOVED[number]
        ]
        lines.append(f"INSERT INTO limit_seals VALUES (:entry, {len(rows)}, '{'0' * 64}');")
    return "\n".join([*lines, "COMMIT;", ""])


PGBENCH = _pgbench()
"""The script of one order: one statement a row, one transaction."""

_C = r"""
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
static sqlite3 *db;
static sqlite3_stmt *make(const char *sql) {
  sqlite3_stmt *s;
  if (sqlite3_prepare_v2(db, sql, -1, &s, 0)) { puts(sqlite3_errmsg(db)); exit(1); }
  return s;
}
static void go(sqlite3_stmt *s) {
  if (sqlite3_step(s) != SQLITE_DONE) { puts(sqlite3_errmsg(db)); exit(1); } sqlite3_reset(s);
}
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9; }
int main(int argc, char **argv) {
  double seconds = atof(argv[2]); long orders = 0; char name[32];
  sqlite3_open(argv[1], &db);
  sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", 0, 0, 0);
  sqlite3_exec(db, "PRAGMA foreign_keys=ON", 0, 0, 0);
  sqlite3_stmt *begin = make("BEGIN IMMEDIATE"), *commit = make("COMMIT"),
    *account = make("INSERT INTO limit_accounts (code, owner, currency, book, kind, guard)"
      " VALUES (?, ?, 'CNY', 'money', 'liability', 'credit')"),
    *balance = make("INSERT INTO limit_balances VALUES (?, 'credit', 0, 0)"),
    *entry = make("INSERT INTO limit_entries (event, source_id, seq, period_id, n, order_id,"
      " person, organisation, effective_on, recorded_at) VALUES (?, ?, 0, '2026-07', ?, ?,"
      " 'system', 'system', '2026-07-01', '2026-07-01T04:00:00')"),
    *line = make("INSERT INTO limit_postings VALUES (?, ?, ?, ?, ?, 'CNY', 'money', 10000)"),
    *move = make("UPDATE limit_balances SET credits = credits + 10000 WHERE account_id = ?"),
    *seal = make("INSERT INTO limit_seals VALUES (?, ?, ?)");
  const char *codes[] = {"suspense", "escrow", "accepted", "turnover"};
  const char *events[] = {"event.0", "event.1", "event.2", "event.3"};
  const char *zeros = "0000000000000000000000000000000000000000000000000000000000000000";
  int lines[] = {1, 1, 2, 5}, moves[] = {1, 2, 3, 4};
  double start = now();
  while (now() - start < seconds) {
    sqlite3_int64 id[4], party = 10 + orders % 433, op = 450 + orders % 20, tre = 480 + orders % 14;
    snprintf(name, sizeof name, "ord_%ld", orders++);
    go(begin);
    for (int i = 0; i < 4; i++) {
      sqlite3_bind_text(account, 1, codes[i], -1, SQLITE_STATIC);
      sqlite3_bind_text(account, 2, name, -1, SQLITE_STATIC); go(account);
      id[i] = sqlite3_last_insert_rowid(db); sqlite3_bind_int64(balance, 1, id[i]); go(balance);
    }
    sqlite3_int64 pairs[4][5][2] = {{{1, id[0]}}, {{id[0], id[1]}}, {{id[1], id[2]}, {2, id[3]}},
      {{id[2], party}, {id[2], op}, {id[2], tre}, {id[2], 3}, {id[2], 4}}};
    sqlite3_int64 moved[4][4] = {{id[0]}, {id[0], id[1]}, {id[1], id[2], id[3]},
      {id[2], party, op, tre}};
    for (int e = 0; e < 4; e++) {
      sqlite3_bind_text(entry, 1, events[e], -1, SQLITE_STATIC);
      sqlite3_bind_text(entry, 2, name, -1, SQLITE_STATIC); sqlite3_bind_int(entry, 3, lines[e]);
      sqlite3_bind_text(entry, 4, name, -1, SQLITE_STATIC); go(entry);
      sqlite3_int64 number = sqlite3_last_insert_rowid(db);
      for (int l = 0; l < lines[e]; l++) {
        sqlite3_bind_int64(line, 1, number); sqlite3_bind_int(line, 2, l + 1);
        sqlite3_bind_int(line, 3, lines[e]); sqlite3_bind_int64(line, 4, pairs[e][l][0]);
        sqlite3_bind_int64(line, 5, pairs[e][l][1]); go(line);
      }
      for (int m = 0; m < moves[e]; m++) { sqlite3_bind_int64(move, 1, moved[e][m]); go(move); }
      sqlite3_bind_int64(seal, 1, number); sqlite3_bind_int(seal, 2, lines[e]);
      sqlite3_bind_text(seal, 3, zeros, -1, SQLITE_STATIC); go(seal);
    }
    go(commit);
  }
  printf("%f\n", orders / (now() - start));
  return 0;
}
"""


def sqlite(folder: Path, seconds: float) -> tuple[str, float]:
    """Return who wrote orders into a new database in `folder`, and how many a second."""
    path = folder / "limit.db"
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        (folder / name).unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        for statement in tables("sqlite"):
            connection.execute(statement)
        connection.commit()
    program = _compiled(folder)
    if program is None:
        return "the sqlite3 module", _by_python(path, seconds)
    told = subprocess.run(
        [str(program), str(path), str(seconds)], capture_output=True, text=True, check=True
    )
    return "a C program", float(told.stdout)


def _compiled(folder: Path) -> Path | None:
    """Compile the program; None where there is no compiler or no SQLite to link to."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    source, program = folder / "limit.c", folder / "limit"
    if program.exists():
        return program
    source.write_text(_C, "utf-8")
    command = [compiler, "-O2", "-o", str(program), str(source), "-lsqlite3"]
    made = subprocess.run(command, capture_output=True, check=False)
    return program if made.returncode == 0 else None


def _by_python(path: Path, seconds: float) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        began, orders = perf_counter(), count()
        for number in orders:
            if perf_counter() - began >= seconds:
                break
            _order(connection, number)
        return number / (perf_counter() - began)


def _order(connection: sqlite3.Connection, number: int) -> None:
    run, name = connection.execute, f"ord_{number}"
    there = {"party": 10 + number % 433, "operator": 450 + number % 20,
             "treasury": 480 + number % 14}  # fmt: skip
    run("BEGIN IMMEDIATE")
    for code in NEW:
        row = (code, name, "CNY", "money", "liability", "credit")
        made = run("INSERT INTO limit_accounts (code, owner, currency, book, kind, guard)"
                   " VALUES (?, ?, ?, ?, ?, ?)", row)  # fmt: skip
        there[code] = made.lastrowid or 0
        run("INSERT INTO limit_balances VALUES (?, 'credit', 0, 0)", (there[code],))
    for event, rows in enumerate(ENTRIES):
        head = (f"event.{event}", name, len(rows), name)
        entry = run("INSERT INTO limit_entries (event, source_id, seq, period_id, n, order_id,"
                    " person, organisation, effective_on, recorded_at) VALUES (?, ?, 0, '2026-07',"
                    " ?, ?, 'system', 'system', '2026-07-01', '2026-07-01')",
                    head).lastrowid  # fmt: skip
        for line, pair in enumerate(rows, start=1):
            ids = [int(side) if side.isdigit() else there[side] for side in pair]
            run("INSERT INTO limit_postings VALUES (?, ?, ?, ?, ?, 'CNY', 'money', 10000)",
                (entry, line, len(rows), *ids))  # fmt: skip
        for moved in MOVED[event]:
            run("UPDATE limit_balances SET credits = credits + 10000 WHERE account_id = ?",
                (there[moved],))  # fmt: skip
        run("INSERT INTO limit_seals VALUES (?, ?, ?)", (entry, len(rows), "0" * 64))
    run("COMMIT")
