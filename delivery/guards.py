"""What stands in the way of a step of a delivery task, said in words: its guards.

They take the task by its shape.
"""

from typing import Protocol

from catalogue import resources
from kernel.errors import Refusal
from kernel.work import Work


class Owed(Protocol):
    """What is asked of a delivery task here."""

    resource_id: str | None
    rounds_due: int
    rounds_handed: int
    stopped_for: str | None


def resource_attached(task: Owed, work: Work) -> Refusal | None:
    """Guard: the resource that public data comes from still hangs on its directory."""
    if task.resource_id is None:
        return None
    resource = resources.find(work.session, task.resource_id)
    if resource.state == resources.State.ATTACHED:
        return None
    return Refusal("RESOURCE_DETACHED", "数据资源已解除挂接", "the resource is detached")


def is_handed_over(task: Owed, _work: Work) -> Refusal | None:
    """Guard: what is delivered by hand has come, in as many rounds as are due."""
    if task.rounds_handed >= task.rounds_due:
        return None
    return Refusal(
        "NOTHING_HANDED_OVER",
        "人工交付须先上传交付文件（连同清单），再确认交付完成",
        "hand the files over first: what is delivered by hand is complete with its files",
    )


def goes_on(task: Owed, _work: Work) -> Refusal | None:
    """Guard: nothing stops the delivery, as while its order is suspended."""
    if task.stopped_for is None:
        return None
    return stopped(task.stopped_for)


def stopped(reason: str) -> Refusal:
    """Return the reason why nothing of a delivery is used, or done, now."""
    return Refusal("DELIVERY_STOPPED", f"交付已停止：{reason}", reason)
