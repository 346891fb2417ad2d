"""`jiceng catalogue`: every system, element, model and rule as one page of Markdown."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from jiceng_pipeline.cli.words import out, say
from jiceng_pipeline.core import files
from jiceng_pipeline.core.settings import Settings

_SHARING = {"unconditional": "无条件共享", "conditional": "有条件共享", "not_shared": "不予共享"}
_RHYTHM = {"daily": "每日", "weekly": "每周", "monthly": "每月", "yearly": "每年"}
_SENSITIVITY = {"public": "公开", "internal": "内部", "personal": "个人信息", "sensitive": "敏感个人信息"}
_SEVERITY = {"info": "告知", "warn": "提醒", "block": "阻断发布"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=say("生成目录页：系统、数据元、模型、规则", "the catalogue page"))(catalogue)


def catalogue(
    write: Annotated[Path | None, typer.Option(help=say("写到这个文件", "write to this file"))] = None,
) -> None:
    """Print the catalogue, or write it to a file."""
    text = page(Settings.load())
    if write:
        files.write_text(write, text)
    else:
        out.print(text, soft_wrap=True)


def page(settings: Settings) -> str:
    """Return the whole page; it is made from the definition files alone."""
    lines = [
        "# 目录 · Catalogue",
        "",
        "由 `make docs` 从定义文件生成，请勿手改。 Generated from the definition files; do not edit.",
    ]
    for title, rows in (
        ("部门系统 · Department systems", _systems()),
        ("SQL 模型 · SQL models", _models(settings)),
        ("质量规则 · Quality rules", _rules()),
        ("数据元 · Data elements", _elements()),
        ("与地方标准对照 · Local standards", _profiles()),
        ("标签 · Tags", _tags()),
        ("代码集 · Code sets", _code_sets()),
    ):
        lines += ["", f"## {title}", "", *_table(rows)]
    return "\n".join(lines) + "\n"


def _table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    head, *body = rows
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in body:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def _systems() -> Iterator[tuple[str, ...]]:
    from jiceng_pipeline.departments.contract import systems

    yield ("系统", "名称", "责任单位", "连接器", "更新", "共享", "法律依据", "数据元")
    for each in systems().values():
        yield (
            f"`{each.name}`",
            each.title,
            each.owner.name,
            each.connector.kind,
            _RHYTHM[each.rhythm],
            _SHARING[each.sharing],
            each.legal_basis,
            ", ".join(f"`{element}`" for element in each.columns.values()),
        )


def _models(settings: Settings) -> Iterator[tuple[str, ...]]:
    from jiceng_pipeline.warehouse.models import models

    yield ("模型", "标题", "用途", "给谁", "粒度")
    for each in models(settings.sql_models).values():
        yield (f"`{each.full_name}`", each.title, each.purpose, each.audience, each.grain)


def _rules() -> Iterator[tuple[str, ...]]:
    from jiceng_pipeline.quality.rule import rules

    yield ("规则", "标题", "层", "表", "级别", "含义")
    for rule_id, each in rules().items():
        yield (f"`{rule_id}`", each.title, each.layer, f"`{each.table}`", _SEVERITY[each.severity], each.meaning)


def _elements() -> Iterator[tuple[str, ...]]:
    from jiceng_pipeline.standard.register import elements

    yield ("数据元", "名称", "定义", "类型", "敏感级别", "标准")
    for each in elements().values():
        kind = f"{each.type} `{each.code_set}`" if each.code_set else each.type
        yield (f"`{each.id}`", each.title, each.definition, kind, _SENSITIVITY[each.sensitivity], each.standard)


def _profiles() -> Iterator[tuple[str, ...]]:
    from jiceng_pipeline.standard.profiles import profiles
    from jiceng_pipeline.standard.register import element

    yield ("标准", "数据元", "名称", "在那里的类", "在那里的名称", "不同之处")
    for profile in profiles().values():
        for name, each in profile.elements.items():
            known = each.name or "未读到"
            yield (profile.number, f"`{name}`", element(name).title, each.within, known, each.differs or "")


def _tags() -> Iterator[tuple[str, ...]]:
    from jiceng_pipeline.standard.tags import tags

    yield ("标签", "名称", "定义", "敏感级别", "依据")
    for code, each in tags().items():
        yield (f"`{code}`", each.title, each.definition, _SENSITIVITY[each.sensitivity], each.basis)


def _code_sets() -> Iterator[tuple[str, ...]]:
    from jiceng_pipeline.standard.code_sets import code_sets

    yield ("代码集", "代码数", "例")
    for name, codes in code_sets().items():
        yield (f"`{name}`", str(len(codes)), "，".join(f"{code} {title}" for code, title in list(codes.items())[:4]))
