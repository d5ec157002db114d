"""By which right goods are sold (权利与授权链), in plain words: public data, and one's own."""

from catalogue.grades import Origin
from kernel.clock import local_date
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from licensing import agreements, authorisations, scenarios
from licensing.applications.vocabulary import Purpose
from licensing.authorisations import Authorisation
from marketplace.listings import rights
from marketplace.procuring.sheets import Section, fact
from marketplace.products import Product
from marketplace.versions import ProductVersion


def sections(work: Work, product: Product, version: ProductVersion, address: str) -> list[Section]:
    """Return from whom the right comes, hand by hand. Some SELECTs by key."""
    origin = Section(
        Words("来源", "Origin"), (fact("数据来源", "Origin", Origin(version.source_kind).label),)
    )
    if version.authorisation_id is None:
        return [origin, _own(work, product, version)]
    granted = authorisations.find(work.session, version.authorisation_id)
    return [origin, _chain(work, granted, address)]


def _own(work: Work, product: Product, version: ProductVersion) -> Section:
    found = rights.effective(work, version, product.owner_id)
    lines = tuple(
        fact(
            f"对“{each.source}”的数据产品经营权",
            f'Right to operate over "{each.source}"',
            _held(each),
        )
        for each in found
    )
    return Section(Words("数据产品经营权", "The right to operate"), lines)


def _held(found: rights.Effective) -> Words:
    if not found.there:
        return Words("目前无效", "not in force")
    if found.until is None:
        return Words("有效，无期限", "in force, without end")
    return Words(f"有效，至 {found.until}", f"in force until {found.until}")


def _chain(work: Work, granted: Authorisation, address: str) -> Section:
    named = organisations.names(
        work.session, [*granted.departments, granted.operator_id, granted.grantee_id]
    )
    supplied = [
        one.code
        for one in agreements.effective_for(work.session, granted.operator_id, local_date(work.now))
        if one.department_id in granted.departments
    ]
    firms = [named.get(each, Words(each, each)) for each in granted.departments]
    department = Words("、".join(each.zh for each in firms), ", ".join(each.en for each in firms))
    purposes = {each.value: each.label for each in Purpose}
    code = scenarios.find(work.session, granted.scenario_id).code
    lines = (
        fact("1 供数部门", "1 Department that supplies", department),
        fact("2 供数协议", "2 Supply agreement", ", ".join(sorted(supplied))),
        fact("3 授权运营机构", "3 Authorised operator", named.get(granted.operator_id)),
        fact("4 应用场景", "4 Scenario", code),
        fact("5 授权（一场景一评估一授权）", "5 Authorisation", granted.cert_no),
        fact("  授权用途", "  Purpose", purposes.get(granted.purpose_code)),
        fact("  有效期", "  Valid", f"{granted.valid_from} — {granted.valid_to}"),
        fact("  状态", "  State", str(granted.state)),
        fact("6 被授权方（卖方）", "6 Grantee, who sells", named.get(granted.grantee_id)),
        fact("查验证书", "Verify the certificate", f"{address}/certificates/{granted.cert_no}"),
    )
    return Section(Words("授权链", "Chain of authorisation"), lines)
