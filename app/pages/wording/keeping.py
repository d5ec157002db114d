"""What the codes of uploads and data sets are called on a page."""

from typing import Final

from kernel.words import Words

STATES: Final[dict[str, tuple[str, str, str]]] = {
    "upload.open": ("上传中", "coming in", "busy"),
    "upload.received": ("待读取", "waits to be read", "busy"),
    "upload.reading": ("读取中", "being read", "busy"),
    "upload.loaded": ("已入库", "loaded", "good"),
    "upload.refused": ("已退回", "refused", "bad"),
    "upload.abandoned": ("已放弃", "abandoned", "past"),
}

EVENTS: Final[dict[str, Words]] = {
    "upload.opened": Words("开始上传", "Upload opened"),
    "dataset.loaded": Words("数据集入库", "Data set loaded"),
}
