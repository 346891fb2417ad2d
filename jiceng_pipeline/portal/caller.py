"""Who is asking: an account with what its posts and grants let it see and do, read anew for every request."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest

from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.wording import say
from jiceng_pipeline.returns import access, grants, holding, roles
from jiceng_pipeline.standard.divisions import merged


@dataclass(frozen=True)
class Link:
    """Somewhere to go."""

    title: str
    address: str


@dataclass(frozen=True)
class Caller:
    """`divisions` are the codes whose people it may see, `posted` those of them its posts are for.

    `systems` are those it answers for.
    """

    account: str
    roles: tuple[str, ...]
    divisions: tuple[str, ...]
    posted: tuple[str, ...]
    systems: tuple[str, ...]

    def covers(self, scope: str) -> bool:
        """Say whether a division lies within one of the account's own."""
        return any(access.covers(own, scope) for own in self.divisions)

    def may(self, act: str) -> bool:
        """Say whether a post of the account lets it do that; what is done is asked of `access.permit` again."""
        return any(act in roles.find(code).acts for code in self.roles)

    @property
    def home(self) -> str:
        """Return the page the account starts from; who was granted some rows is not given the work of the place."""
        if self.posted:
            return f"/at/{self.posted[0]}"
        starts = (("answer_ticket", "/tickets"), ("make_account", "/accounts"), ("give_post", "/posts"),
                  ("read_audit", "/audit"))  # fmt: skip
        granted = f"/at/{self.divisions[0]}/registers" if self.divisions else "/me"
        return next((address for act, address in starts if self.may(act)), granted)

    @cached_property
    def links(self) -> Sequence[Link]:
        """Return what stands in the bar at the top."""
        found = []
        if self.posted:
            place = self.home
            found = [
                Link(say("今天要办的事", "Today"), place),
                Link(say("底册", "Registers"), f"{place}/registers"),
                Link(say("报表", "Forms"), f"{place}/forms"),
                Link(say("名单提醒", "Lists"), f"{place}/apps"),
                Link(say("下载", "Download"), f"{place}/downloads"),
                *([Link(say("办事", "Services"), f"{place}/services")] if len(self.posted[0]) >= 9 else []),
                Link(say("图表", "Pictures"), f"{place}/pictures"),
            ]
        elif self.divisions:
            place = f"/at/{self.divisions[0]}"
            found = [
                Link(say("底册", "Registers"), f"{place}/registers"),
                Link(say("下载", "Download"), f"{place}/downloads"),
            ]
        offered = (
            ("answer_ticket", say("问题单", "Tickets"), "/tickets"),
            ("decide_dispute", say("异议", "Disputes"), "/disputes"),
            ("answer_ticket", say("交办事项", "Matters"), "/cases"),
            *([("give_task", say("任务", "Tasks"), "/tasks")] if self.systems else []),
            ("approve_request", say("数据共享", "Sharing"), "/sharing"),
            ("answer_write_back", say("社区采集", "Collected"), "/outbox"),
            ("make_account", say("账号", "Accounts"), "/accounts"),
            ("give_post", say("岗位", "Posts"), "/posts"),
            ("read_audit", say("审计", "Audit"), "/audit"),
            ("read_audit", say("数据共享", "Sharing"), "/sharing"),
        )
        return [*found, *(Link(title, address) for act, title, address in offered if self.may(act))]


def of(request: HttpRequest) -> Caller:
    """Return who is asking; raise nothing: an account without posts sees nothing."""
    return of_account(request.user.get_username())


def of_account(account: str) -> Caller:
    """Return what that account may see and do now."""
    with open_ledger(settings()) as ledger:
        held = [entry.body for entry in holding.posts(ledger, account)]
        given = [entry.body for entry in grants.live(ledger, account)]
    gone, posted = merged(settings()), {post.scope for post in held}
    # what was merged into another comes last: nobody starts from where nobody lives any more
    divisions = tuple(sorted({grant.scope for grant in given}, key=lambda code: (code in gone, len(code), code)))
    return Caller(
        account,
        tuple(dict.fromkeys(post.role for post in held)),
        divisions,
        tuple(code for code in divisions if code in posted),
        tuple(dict.fromkeys(system for post in held for system in post.systems)),
    )
