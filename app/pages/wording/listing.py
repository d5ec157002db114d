"""What the codes of listings are called on a page."""

from typing import Final

from catalogue.grades import Term
from kernel.words import Words
from marketplace import versions
from marketplace.listings import materials, rights
from marketplace.mandated.mandate_rows import Power

STATES: Final[dict[str, tuple[str, str, str]]] = {
    "security_review": ("安全与分级审查", "security review", "busy"),
    "expert_review": ("专家评审", "expert review", "busy"),
    "delisting": ("摘牌预告", "on notice", "warn"),
    "amendment.drafted": ("已起草", "drafted", "busy"),
    "amendment.check": ("小版本核对", "being checked", "busy"),
    "amendment.published": ("已发布", "published", "good"),
    "supply_request.asked": ("待部门答复", "waits for the department", "busy"),
    "supply_request.accepted": ("同意供数", "accepted", "good"),
    "supply_request.supplied": ("已供数", "supplied", "good"),
    "supply_request.declined": ("不予供数", "declined", "bad"),
    "supply_request.withdrawn": ("已撤回", "withdrawn", "past"),
    "board_request.asked": ("待答复", "waits for an answer", "busy"),
    "board_request.admitted": ("已入板", "on the board", "good"),
    "board_request.declined": ("未准入", "declined", "bad"),
    "mandate.to_sign": ("待签署", "to be signed", "busy"),
    "mandate.half_signed": ("一方已签", "signed by one", "busy"),
    "mandate.signed": ("有效", "in force", "good"),
    "mandate.out_of_term": ("不在期限内", "out of its term", "past"),
    "mandate.revoked": ("已终止", "ended", "past"),
    "row.new": ("新上架", "new", "good"),
    "row.revised": ("修改草稿", "draft revised", "good"),
    "row.submitted": ("提交草稿", "draft submitted", "good"),
    "row.minor": ("小版本", "minor version", "good"),
    "row.major": ("大版本", "major version", "warn"),
    "row.same": ("无变化", "the same", "past"),
    "row.barred": ("需改正", "to be mended", "bad"),
}

EVENTS: Final[dict[str, Words]] = {
    "demand.created": Words("起草需求", "Demand drafted"),
    "demand.matched": Words("匹配产品", "Products matched to it"),
    "board.opened": Words("开设专板", "Board opened"),
    "board.product_admitted": Words("产品入板", "Product admitted"),
    "board.product_dismissed": Words("产品移出专板", "Product taken off"),
    "mandate.granted": Words("拟定授权书", "Mandate drawn up"),
    "mandate.used": Words("受托方以委托方名义办理", "Done by the agent under its mandate"),
    "product.amended": Words("发布新版本", "New version published"),
    "amendment.drafted": Words("起草修订", "Revision drafted"),
    "board.pinned": Words("调整置顶产品", "Products put first"),
    "board.declared": Words("申报数据规模", "Volume declared"),
    "material.filed": Words("提交挂牌材料", "Document filed"),
    "material.read": Words("查阅挂牌材料", "Document read"),
    "right.recorded": Words("登记数据权利", "Right recorded"),
    "right.ended": Words("数据权利终止", "Right ended"),
    "listing_file.handed_in": Words("提交批量上架文件", "File of products handed in"),
}

TERMS: Final[dict[str, type[Term]]] = {
    "mandate_power": Power,
    "product_field": versions.Field,
    "listing_material": materials.Material,
    "right": rights.Right,
}

CAUSES: Final[dict[str, Words]] = {
    "pass": Words("通过", "pass"),
    "pass_with_condition": Words("附条件通过", "pass with a condition"),
    "violation": Words("违规", "violation"),
    "rights_lost": Words("权利丧失", "rights lost"),
    "authorisation_ended": Words("授权终止", "authorisation ended"),
    "R-SOURCE": Words("来源问题", "source"), "R-RIGHTS": Words("权利问题", "rights"),
    "R-PI": Words("个人信息问题", "personal information"), "R-GRADE": Words("分级问题", "grade"),
    "R-QUALITY": Words("质量问题", "quality"), "R-PRICE": Words("价格问题", "price"),
    "R-DUPLICATE": Words("重复上架", "duplicate"), "R-SUBJECT": Words("主体问题", "the parties"),
    "R-OTHER": Words("其他", "other"),
}  # fmt: skip
