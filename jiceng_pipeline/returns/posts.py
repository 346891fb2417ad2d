"""Posts (岗位): given, ended and read as events; what a post lets its holder see and do is said by its role.

The three administrators (三员: 系统管理员, 安全管理员, 审计管理员) are three people: whoever holds one of these posts
holds no other post and no grant, so none of them sees data or does the work of another.
"""

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.ledger.chain import Event
from jiceng_pipeline.ledger.kinds.post import Post
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.returns import grants, holding, roles

NO_DIVISION = "*"


def give(ledger: Ledger, post: Post) -> Event:
    """Put somebody into a post, or prolong it; raise UsageError where that may not be."""
    role = roles.find(post.role)
    _check_place(post, role)
    held = [entry.body for entry in holding.posts(ledger, post.account)]
    others = [each for each in held if each.subject != post.subject]
    alone = role.is_administrator or any(roles.find(each.role).is_administrator for each in others)
    if post.account == grants.OPERATOR or (alone and others):
        raise UsageError(
            "管理员岗位不能与其他岗位由同一个账号担任",
            where=f"账号 {post.account}",
            cure="换一个账号，或先免去原来的岗位",
        )
    if role.is_administrator and holding.grants(ledger, post.account):
        raise UsageError(
            "这个账号有数据授权，不能任管理员", where=f"账号 {post.account}", cure="先结束授权，或换一个账号"
        )
    return ledger.append("post", post.subject, post, post.given_by)


def end(ledger: Ledger, subject: str, ended_by: str) -> Event:
    """End a post now; raise UsageError where nobody holds it."""
    found = next((entry for entry in holding.everybody(ledger) if entry.subject == subject), None)
    if found is None:
        raise UsageError("没有人任这个岗位", where=f"岗位 {subject}", cure="用 jiceng post list 看岗位")
    ended = found.body.model_copy(update={"until": clock.now(), "given_by": ended_by})
    return ledger.append("post", subject, ended, ended_by)


def _check_place(post: Post, role: roles.Role) -> None:
    """Raise UsageError unless scope and systems are what the role has."""
    digits = 0 if post.scope == NO_DIVISION else len(post.scope)
    if digits != role.digits:
        wanted = f"要写 {role.digits} 位区划代码" if role.digits else "不属于区划，范围写 *"
        raise UsageError(f"{role.title}的岗位{wanted}", where=f"范围 {post.scope}", cure="改正范围")
    if bool(post.systems) != role.has_systems:
        cure = "写明负责的系统，例如 civil_affairs/subsistence_allowance" if role.has_systems else "不要写系统"
        raise UsageError(f"{role.title}的岗位{'' if role.has_systems else '不'}对应部门系统", where="系统", cure=cure)
    if unknown := sorted(set(post.systems) - set(contracts())):
        raise UsageError("没有这个系统", where=f"系统 {unknown[0]}", cure=f"可用：{'、'.join(contracts())}")
