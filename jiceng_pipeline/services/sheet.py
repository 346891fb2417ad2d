"""办事单: the answer on one page of A4 in large print (大字版), to be put up or taken along."""

from datetime import datetime
from html import escape
from pathlib import Path

from jiceng_pipeline.core import files
from jiceng_pipeline.core.clock import LOCAL
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.services.answer import Answer, Stop

_WEEK = "一二三四五六日"
# MIIT's design rules for the old ask for 18 pt and 1.3 lines at least
_SIZES = (20, 19, 18)  # points; the largest that fits on one page
_STYLE = """@page { size: A4; margin: 14mm 16mm }
body { font-family: "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Zen Hei", sans-serif; font-size: %dpt;
  line-height: 1.35; color: #000; margin: 0 }
h1 { font-size: 1.45em; margin: 0 0 3mm; line-height: 1.25 }
h2 { font-size: 1.1em; margin: 4mm 0 1mm; border-bottom: 0.6mm solid #000 }
p, li { margin: 0.6mm 0 } ul { margin: 0; padding-left: 1.2em }
.first { font-weight: bold } .note { font-weight: bold; border: 0.6mm solid #000; padding: 1.5mm 3mm }"""


def sheet(answer: Answer) -> str:
    """Return the page as HTML; it names nobody."""
    item = answer.item
    brought = [f"{need.name}（{need.why}）" if need.why else need.name for need in answer.brought]
    spared = [f"{need.name}（{'、'.join(need.holders[:2])}有）" for need in answer.spared]
    heading = "不用带" if answer.qualifies is not None else "登记过的不用带"
    parts = [
        f"<h1>我在{escape(answer.community.name)}，办{escape(item.name)}</h1>",
        f'<p class="note">{escape(answer.note)}</p>' if answer.note else "",
        "<h2>去哪里</h2>",
        *(_stop(stop, first=not number) for number, stop in enumerate(answer.stops)),
        "<h2>要带</h2>",
        _listed(brought or ["什么都不用带，人到就行"]),
        f"<h2>{heading}</h2>{_listed(spared)}" if spared else "",
        "<h2>还要知道</h2>",
        _listed([*_facts(answer), f"咨询：{'、'.join(item.channels)}、12345"]),
    ]
    return "".join(parts)


def page(answer: Answer, size: int = _SIZES[0]) -> str:
    """Return the whole document."""
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(answer.item.name)}</title>'
        f"<style>{_STYLE % size}</style></head><body>{sheet(answer)}</body></html>"
    )


def write(answer: Answer, path: Path) -> int:
    """Write the page as PDF and return its size of print in points; raise UsageError where it does not fit."""
    from weasyprint import HTML  # a second to load, for those only who print

    for size in _SIZES:
        document = HTML(string=page(answer, size)).render()
        if len(document.pages) == 1:
            with files.storage(path):
                path.parent.mkdir(parents=True, exist_ok=True)
            with files.new_file(path) as draft:
                draft.write_bytes(document.write_pdf())
            return size
    raise UsageError("一页纸放不下", where=f"事项 {answer.item.id}", cure="把事项的材料名称写短些")


def when(moment: datetime | None) -> str:
    """Return an instant in words: 11月30日（周一）08:30."""
    if moment is None:
        return "近一个月不开门"
    local = moment.astimezone(LOCAL)
    return f"{local.month}月{local.day}日（周{_WEEK[local.weekday()]}）{local:%H:%M}"


def _facts(answer: Answer) -> list[str]:
    item = answer.item
    facts = [f"谁能办：{item.audience}", f"多久办好：{item.time_limit_days} 个工作日"]
    if answer.qualifies is not None:
        facts[0] += "。按登记的情况，" + ("符合条件" if answer.qualifies else "还不符合条件，请先咨询")
    facts.append("可以请别人代办，带上两个人的身份证" if item.proxy else "要本人去")
    return facts


def _stop(stop: Stop, *, first: bool) -> str:
    way = "没有坐标，说不出走多久" if stop.minutes is None else f"走 {stop.minutes} 分钟左右"
    steps = {True: "，没有台阶", False: "，有台阶", None: ""}[stop.is_step_free]
    return (
        f"<p{' class=first' if first else ''}>{escape(stop.name)}（{escape(stop.grade)}）：{way}{steps}</p>"
        f"<p>{escape(stop.hours)}</p>"
    )


def _listed(lines: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
