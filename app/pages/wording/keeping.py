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
    "location.registered": ("待查看", "waits to be looked at", "busy"),
    "location.live": ("已挂载", "mounted", "good"),
    "location.gone": ("失联", "lost", "bad"),
    "location.refused": ("已退回", "refused", "bad"),
    "location.ended": ("已解除", "unmounted", "past"),
    "package.waiting": ("待制作", "waits to be made", "busy"),
    "package.making": ("制作中", "being made", "busy"),
    "package.ready": ("可下载", "ready", "good"),
    "package.failed": ("制作失败", "failed", "bad"),
    "package.erased": ("密钥已销毁", "key destroyed", "past"),
    "egress_review.requested": ("待审查", "waits for its review", "busy"),
    "egress_review.released": ("准予出域", "released", "good"),
    "egress_review.refused": ("不予出域", "refused", "bad"),
    "egress_review.withdrawn": ("已撤回", "withdrawn", "past"),
}

EVENTS: Final[dict[str, Words]] = {
    "upload.opened": Words("开始上传", "Upload opened"),
    "dataset.loaded": Words("数据集入库", "Data set loaded"),
    "dataset.mounted": Words("挂载新版本", "Version mounted"),
    "location.registered": Words("登记挂载位置", "Location registered"),
    "location.keys_rotated": Words("更换存储密钥", "Keys renewed"),
    "location.refresh_asked": Words("要求查看", "Look asked for"),
    "location.mounted": Words("挂载", "Mounted"),
    "location.lost": Words("位置失联", "Location lost"),
    "location.refused": Words("位置被退回", "Location refused"),
    "location.ended": Words("解除挂载", "Unmounted"),
    "credential.issued": Words("发放访问凭证", "Credential issued"),
    "credential.rotated": Words("更换访问凭证", "Credential rotated"),
    "credential.revoked": Words("撤销访问凭证", "Credential revoked"),
    "package.requested": Words("申请文件包", "Package requested"),
    "package.link_made": Words("生成下载链接", "Download link made"),
    "package.link_revoked": Words("撤销下载链接", "Download link revoked"),
    "package.released": Words("文件包首次放行", "Package released"),
    "delivery.used": Words("使用数据", "Data used"),
    "delivery.handed": Words("交付文件", "File handed over"),
    "query.run": Words("域内查询", "In-domain query"),
    "egress.requested": Words("申请出域审查", "Egress review asked for"),
    "egress.released": Words("准予出域", "Released"),
    "egress.refused": Words("不予出域", "Release refused"),
    "egress.withdrawn": Words("撤回出域申请", "Egress review withdrawn"),
    "recipient_key.registered": Words("登记公钥", "Public key registered"),
    "recipient_key.retired": Words("停用公钥", "Public key retired"),
}
