"""The search over many entries, beside a LIKE scan of the same texts in the same database.

Texts are titles of directories, made of real words of public data: a field, a thing, a place,
a year. Asked are words of two characters, of more, and of Latin script; what is found is
compared with a scan of every text, so that recall is 1 or the run fails.
"""

import random
import statistics
import tempfile
from collections.abc import Callable, Iterable
from itertools import product
from time import perf_counter

from sqlalchemy import insert, select, text

import migrations
from kernel.engines import Engines
from marketplace.finding import results
from marketplace.finding.results import Question
from marketplace.indexing import index
from marketplace.indexing.index import Kind, SearchEntry, SearchTerm
from tests.conftest import furnish

ENTRIES = 34_000
ASKED = 40
BATCH = 5_000
LIMIT = 20

FIELDS = ("气象观测", "停车泊位", "不动产登记", "企业信用", "医疗卫生", "公共交通", "环境监测",
          "教育资源", "水利工程", "农业生产", "社会保险", "市场监管")  # fmt: skip
THINGS = ("逐小时数据", "基本信息", "行政许可", "统计指标", "点位信息", "实时状态", "年度报告",
          "处罚记录", "服务设施", "质量评价")  # fmt: skip
PLACES = ("长沙市", "株洲市", "湘潭市", "衡阳市", "邵阳市", "岳阳市", "常德市", "张家界市",
          "益阳市", "郴州市", "永州市", "怀化市", "娄底市", "湘西州")  # fmt: skip
WORDS = {
    "two characters": ("气象", "停车", "信用", "许可", "水利"),
    "three and more": ("不动产登记", "公共交通", "张家界市", "处罚记录"),
    "Latin": ("hourly", "permit", "2019"),
}


def run(entries: int = ENTRIES) -> None:
    """Index `entries` texts on SQLite, and ask."""
    with tempfile.TemporaryDirectory(prefix="databourse-bench-") as folder:
        url = f"sqlite:///{folder}/search.db"
        engines = Engines(url)
        migrations.upgrade(engines.write)
        furnish(url)
        began = perf_counter()
        _write(engines, entries)
        took = perf_counter() - began
        print(f"\n{entries:,} entries indexed in {took:.1f} s, {entries / took:,.0f} a second")
        for label, words in WORDS.items():
            _ask(engines, label, words)
        _facets(engines)
        engines.dispose()


def _titles(entries: int) -> Iterable[tuple[str, str]]:
    chance = random.Random(7)  # noqa: S311 - the same texts in every run
    english = ("hourly", "register", "permit", "indicator", "points", "state", "report")
    combined = list(product(FIELDS, THINGS, PLACES))
    for number in range(entries):
        field, thing, place = combined[number % len(combined)]
        year = 2000 + chance.randrange(26)
        yield f"{place}{field}{thing}（{year}）", f"{chance.choice(english)} {year}"


def _write(engines: Engines, entries: int) -> None:
    with engines.writing() as session:
        rows: list[dict[str, object]] = []
        terms: list[dict[str, object]] = []
        for number, (zh, en) in enumerate(_titles(entries), 1):
            rows.append({
                "number": number, "kind": Kind.DIRECTORY.value, "subject_id": f"dir_{number}",
                "shown": True, "code": f"C-{number}", "title_zh": zh, "title_en": en,
                "summary": "", "owner_id": "org_dept",
            })  # fmt: skip
            told = index.terms(f"{zh} {en}", singles=True)
            terms += [
                {
                    "term": term,
                    "entry": number,
                    "weight": index.TITLED,
                    "shown": True,
                    "kind": Kind.DIRECTORY.value,
                }
                for term in told
            ]
            if len(rows) == BATCH or number == entries:
                session.execute(insert(SearchEntry), rows)
                session.execute(insert(SearchTerm), terms)
                rows, terms = [], []
        session.commit()


def _ask(engines: Engines, label: str, words: tuple[str, ...]) -> None:
    with engines.reading() as session:
        for word in words:
            by_scan = select(SearchEntry.number).where(
                SearchEntry.title_zh.contains(word) | SearchEntry.title_en.contains(word)
            )
            scanned = set(session.scalars(by_scan))
            asked = Question(text=word, kind=Kind.DIRECTORY)
            found = results.counts(session, asked)[Kind.DIRECTORY]
            assert found >= min(len(scanned), results.COUNTED_MAX), (word, found, len(scanned))

        def ours(word: str) -> object:
            asked = Question(text=word, kind=Kind.DIRECTORY)
            return results.found(session, asked, after=None, limit=LIMIT)

        def scan(word: str) -> object:
            like = (
                "SELECT number FROM search_entries WHERE title_zh LIKE :w OR title_en LIKE :w "
                "ORDER BY number DESC"
            )
            return session.execute(text(like), {"w": f"%{word}%"}).all()[:LIMIT]

        fast, slow = _times(ours, words), _times(scan, words)
    half, most = statistics.median(fast), sorted(fast)[int(len(fast) * 0.95)]
    ratio = statistics.median(slow) / half
    print(f"  {label:<16} p50 {half * 1e3:7.2f} ms  p95 {most * 1e3:7.2f} ms"
          f"  {ratio:5.1f} × a LIKE scan")  # fmt: skip


def _times(act: Callable[[str], object], words: tuple[str, ...]) -> list[float]:
    times = []
    for number in range(ASKED):
        began = perf_counter()
        act(words[number % len(words)])
        times.append(perf_counter() - began)
    return times


def _facets(engines: Engines) -> None:
    with engines.reading() as session:
        question = Question(text="气象", kind=Kind.DIRECTORY)
        began = perf_counter()
        results.facets(session, question)
        results.counts(session, question)
        print(f"  facets and counts of one word {(perf_counter() - began) * 1e3:.1f} ms")
