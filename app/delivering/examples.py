"""The two lines with which a buyer begins, for each way: pages show them, tests run them. Pure."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Final, NamedTuple

from catalogue.grades import Mode
from delivery.sharing import shares
from delivery.tasks import DeliveryTask
from delivery.ways import Way
from kernel.words import Words

DAYS: Final = 31
"""How many days an example of aggregates reads."""


class Example(NamedTuple):
    """A few lines to copy. key: what they show, as an anchor in the page."""

    key: str
    name: Words
    code: str


def of_product(host: str, product_id: str) -> list[Example]:
    """Return how to read the sample of a product, and the product once it is bought."""
    return [
        Example(
            "sample",
            Words("Python：免费样本，无需登录", "Python: the free sample, no sign-in"),
            _python(host, f'sample("{product_id}")'),
        ),
        Example(
            "bought",
            Words("Python：购买之后", "Python: once it is bought"),
            _python(host, f'read("{product_id}")'),
        ),
        Example(
            "command",
            Words("命令行：购买之后", "Command line: once it is bought"),
            _command(host, f"read {product_id} --out data.parquet"),
        ),
    ]


def of_delivery(
    host: str, task: DeliveryTask, offered: Collection[Way], *, since: date | None = None
) -> list[Example]:
    """Return how to read a delivery by each of its ways. since: a day of public data."""
    found: list[Example] = []
    if Way.SHARE in offered:
        found += [_share(host, task), _official(task)]
    if Way.PACKAGE in offered:
        found.append(_package(host, task))
    if Way.API in offered:
        found.append(_verify(host, task) if task.mode == Mode.VERIFICATION else _api(host, task))
    if since is not None and task.resource_id is not None:
        found.append(_aggregates(host, task, since))
    command = _OF_COMMAND.get(next((one.key for one in found), "hand"))
    if command is not None and (found or Way.HAND in offered):
        name = Words("命令行", "Command line")
        found.append(Example("command", name, _command(host, command.format(id=task.id))))
    return found


_OF_COMMAND: Final = {
    "share": "read {id} --out data.parquet",
    "package": "download {id}",
    "api": "read {id} --limit 1000 --out data.parquet",
    "hand": "download {id}",
}


def _share(host: str, task: DeliveryTask) -> Example:
    name = Words("Python：整表（数据共享）", "Python: the whole table, shared")
    return Example("share", name, _python(host, f'read("{task.id}")'))


def _official(task: DeliveryTask) -> Example:
    table = f"{shares.name_of(task)}.{shares.SCHEMA}.{shares.TABLE}"
    return Example(
        "official",
        Words("官方 Delta Sharing 客户端", "The official Delta Sharing client"),
        f'import delta_sharing\nframe = delta_sharing.load_as_pandas("profile.share#{table}")',
    )


def _package(host: str, task: DeliveryTask) -> Example:
    name = Words("Python：加密文件包，自动解开", "Python: the encrypted package, opened")
    return Example("package", name, _python(host, f'read("{task.id}", way="package")'))


def _api(host: str, task: DeliveryTask) -> Example:
    name = Words("Python：计量接口，前一千行", "Python: the metered interface, a thousand rows")
    return Example("api", name, _python(host, f'read("{task.id}", limit=1000)'))


def _verify(host: str, task: DeliveryTask) -> Example:
    name = Words("Python：核验", "Python: a verification")
    code = _python(host, f'check("{task.id}", {{"COLUMN": "VALUE"}})', result="found")
    return Example("verify", name, code)


def _aggregates(host: str, task: DeliveryTask, since: date) -> Example:
    name = Words("Python：域内汇总", "Python: aggregates of the domain")
    until = since + timedelta(days=DAYS - 1)
    asked = f'read("{task.id}", way="aggregates", since="{since}", until="{until}")'
    return Example("aggregates", name, _python(host, asked))


def _python(host: str, call: str, result: str = "frame") -> str:
    return f'import databourse_client as databourse\n{result} = databourse.connect("{host}").{call}'


def _command(host: str, words: str) -> str:
    return f"databourse-data --url {host} {words}"
