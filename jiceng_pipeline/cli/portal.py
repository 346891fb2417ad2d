"""`jiceng portal`: the web site for communities; accounts are made here once, and reset where nobody can sign in."""

from typing import TYPE_CHECKING, Annotated

import typer

from jiceng_pipeline.cli.words import err, out, say
from jiceng_pipeline.core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jiceng_pipeline.portal.accounts import Made

PORT = 8000
app = typer.Typer(
    invoke_without_command=True,
    help=say("社区用的网站：启动、重设密码、自查", "the web site for communities: serve, reset a password, check"),
)


@app.callback()
def portal(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=1, max=65535, help=say("端口", "port"))] = PORT,
    domain: Annotated[
        list[str] | None, typer.Option(help=say("网站的域名，可写几个", "the site's name; may be given more than once"))
    ] = None,
    behind_https: Annotated[
        bool, typer.Option(help=say("前面有 HTTPS 服务器转发", "a server in front speaks HTTPS"))
    ] = False,
) -> None:
    """Serve on 127.0.0.1 until interrupted; without HTTPS in front the site is for this machine alone."""
    if context.invoked_subcommand:
        return
    from jiceng_pipeline.portal import configuration, server

    settings = Settings.load()
    configuration.prepare(settings)
    from jiceng_pipeline.portal import accounts

    tell(accounts.demonstration(settings))
    with server.running(settings, port, domains=tuple(domain or ()), behind_https=behind_https) as process:
        err.print(f"{say('门户', 'Portal')}  http://127.0.0.1:{port}   {say('按 Ctrl-C 结束', 'Ctrl-C to stop')}")
        process.wait()


@app.command(
    help=say(
        "给一个账号重设密码：解除锁定，会话和接口口令失效",
        "give an account a new password, lift its lock, end its sessions and tokens",
    )
)
def reset(
    account: Annotated[str, typer.Argument(help=say("账号", "account"))],
    second_factor: Annotated[
        bool,
        typer.Option(
            "--second-factor",
            help=say(
                "手机和备用码都丢了：第二道验证也重新设置",
                "telephone and printed codes are lost: that is set up anew, too",
            ),
        ),
    ] = False,
) -> None:
    """Print the new password once; the account has to change it."""
    from jiceng_pipeline.portal import configuration

    configuration.prepare(Settings.load())
    from jiceng_pipeline.portal import accounts

    out.print(f"{account}  {accounts.reset(account, second_factor=second_factor)}")


@app.command(help=say("按 Django 的上线清单自查", "go through Django's list for sites in service"))
def check() -> None:
    """Raise an error where something is amiss; say nothing else."""
    from jiceng_pipeline.portal import configuration

    configuration.check(Settings.load())


def tell(made: "Sequence[Made]") -> None:
    """Print accounts made just now, the only time their passwords are shown."""
    if not made:
        return
    err.print(say("演示账号（密码只显示这一次）：", "accounts to try it with (passwords are shown this once):"))
    for each in made:
        err.print(f"  {each.account:<16}{each.password:<20}{each.title}", highlight=False)
    err.print(say("忘了就运行 jiceng portal reset 账号", "forgotten: jiceng portal reset ACCOUNT"))
