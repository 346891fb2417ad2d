"""Accounts: Django users whose name is the ledger's account. Posts are given elsewhere, by somebody else.

Only a process that `configuration.start` made a Django process can import this.
"""

from dataclasses import dataclass

from django.contrib.auth.models import User

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.kinds.post import Post
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import passwords, tokens
from jiceng_pipeline.portal.models import Remembered
from jiceng_pipeline.portal.reading import opened
from jiceng_pipeline.returns import grants, posts


@dataclass(frozen=True)
class Made:
    """An account that was made, with the password nobody will be shown again."""

    account: str
    title: str
    password: str


def make(account: str, *, must_change: bool = True) -> str:
    """Make an account and return its first password; raise UsageError where there is one of that name."""
    name = User.normalize_username(account)  # as it is read where one signs in
    if name == grants.OPERATOR:  # whoever signed in as it could do everything, and makes of accounts may do nothing
        raise UsageError("这个名字归装系统的人用，不能做账号", where=f"账号 {account}", cure="换一个名字")
    if User.objects.filter(username=name).exists():
        raise UsageError("已经有这个账号", where=f"账号 {account}", cure="换一个名字；是同一个人的就重设密码")
    user, password = User(username=name), passwords.made_up()
    user.set_password(password)
    user.full_clean(exclude=["password"])
    user.save()
    Remembered.objects.create(user=user, must_change_password=must_change)
    return password


def reset(account: str, *, second_factor: bool = False) -> str:
    """Give an account a new password, which has to be changed; sessions and tokens end, its lock is lifted.

    With `second_factor` that has to be set up anew as well: telephone and printed codes are lost. The portal does not
    offer it, for who resets passwords there could then sign in as anybody.
    """
    from axes.utils import reset as unlock
    from django_otp import devices_for_user

    user = User.objects.filter(username=account).first()
    if user is None:
        raise UsageError("没有这个账号", where=f"账号 {account}", cure="核对名字")
    if not user.is_active:
        raise UsageError("这个账号已经停用", where=f"账号 {account}", cure="另建一个账号，再给它岗位")
    password = passwords.made_up()
    user.set_password(password)
    user.save()
    Remembered.objects.update_or_create(user=user, defaults={"must_change_password": True})
    tokens.end_all(user)
    if second_factor:
        for device in devices_for_user(user, confirmed=None):
            device.delete()
    unlock(username=account)
    return password


def end(account: str) -> None:
    """Close an account: it can sign in no more, and its sessions end."""
    if not User.objects.filter(username=account, is_active=True).update(is_active=False):
        raise UsageError("没有这个账号", where=f"账号 {account}", cure="核对名字")


def demonstration(settings: Settings) -> list[Made]:
    """Make one account for each kind of post, once; return those made now with their passwords."""
    with opened() as (_, connection):
        (community,) = connection.execute(
            """select community_code from returned.resident_register
            group by community_code order by count(*) desc, community_code limit 1"""
        ).fetchall()[0]
        rows = connection.execute(
            "select system, count(*) from quality.ticket group by system order by count(*) desc, system"
        ).fetchall()
    department = rows[0][0].partition("/")[0] if rows else "civil_affairs"
    systems = tuple(system for system, _ in rows if system.startswith(f"{department}/"))
    wanted = (
        ("clerk", "社区工作人员", "clerk", community, ()),
        ("township", "街道工作人员", "township", community[:9], ()),
        ("county", "区县工作人员", "county", community[:6], ()),
        ("city", "市级工作人员", "city", community[:4], ()),
        ("department", "部门工作人员", "department", "*", systems or ("civil_affairs/subsistence_allowance",)),
        ("system_admin", "系统管理员", "system_admin", "*", ()),
        ("security_admin", "安全管理员", "security_admin", "*", ()),
        ("audit_admin", "审计管理员", "audit_admin", "*", ()),
    )
    made = []
    with open_ledger(settings) as ledger:
        for account, title, role, scope, of in wanted:
            if User.objects.filter(username=account).exists():
                continue
            posts.give(ledger, Post(account=account, role=role, scope=scope, systems=of, given_by=grants.OPERATOR))
            made.append(Made(account, title, make(account, must_change=False)))
    return made
