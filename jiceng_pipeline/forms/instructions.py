"""填表说明: the sheet that tells in plain words what to do, what each column means, who holds it, whom to ask."""

from typing import Any

from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.forms.definition import GRAINS, REASONS, Column
from jiceng_pipeline.forms.lint import held_by
from jiceng_pipeline.forms.page import Page, choices

STEPS = (
    "灰色的格已经有了，不用填。来源和日期写在格的批注里，鼠标放上去就能看到；人很多的表，写在每行“序号”格的批注里。",
    "橙色的格有疑问或者时间久了，请核实：对的，在“核实情况”里选“核实无误”；不对的，直接改。",
    "黄色的格还没有人掌握，请填写。填一次就够：填好的会送到所有用得着的部门，别的表不会再问。",
    "表里没有的人（单位），写在最下面的空行里；已经搬走或者不存在的，在“核实情况”里选“查无此人”。",
    "灰色的格也有错的，不要直接改这张表，请在系统里提出异议，或者告诉要表单位，由来源部门改正。",
    "可以排序、筛选、插入和删除行，不要改动隐藏的工作表。填好后原样交回这个文件。",
)
_WIDTHS = (22, 44, 34, 34)


def write(book: Any, page: Page) -> None:
    """Add the sheet to the workbook."""
    sheet = book.add_worksheet("填表说明")
    title = book.add_format({"bold": True, "font_size": 16})
    label = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    header = book.add_format({"bold": True, "bg_color": "#DDE7F0", "border": 1, "text_wrap": True})
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, f"{page.form.title} 填表说明", title)
    line = 2
    for number, step in enumerate(STEPS, start=1):
        sheet.write_string(line, 0, f"第{number}条", label)
        sheet.merge_range(line, 1, line, len(_WIDTHS) - 1, step, wrapped)
        line += 1
    line += 1
    for name, said in {
        **page.facts,
        "每行是什么": GRAINS[page.form.rows.grain],
        "共有": f"{len(page.rows)} 行",
    }.items():
        sheet.write_string(line, 0, name, label)
        sheet.merge_range(line, 1, line, len(_WIDTHS) - 1, said, wrapped)
        line += 1
    line += 1
    for column, said in enumerate(("项目", "口径（是什么意思）", "从哪里来", "怎么填")):
        sheet.write_string(line, column, said, header)
    for each in page.form.columns:
        line += 1
        cells = (each.heading, each.of.definition, _origin(page, each), _manner(each))
        for column, said in enumerate(cells):
            sheet.write_string(line, column, said, wrapped)
        longest = max(-(-2 * len(said) // width) for said, width in zip(cells, _WIDTHS, strict=True))
        sheet.set_row(line, 15 * max(longest, 1))
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _origin(page: Page, column: Column) -> str:
    if column.element in page.form.rows.derives:
        return "本库由各部门的数据得出"
    holders = [contracts()[name].title for name in held_by(column.element)]
    return "、".join(holders) or "没有部门掌握，由社区采集"


def _manner(column: Column) -> str:
    if column.reason:
        return f"请重新填写，因为{REASONS[column.reason]}"
    if column.asked:
        options = choices(column)
        return (
            "请填写"
            + (f"，从列表里选：{'、'.join(options[:8])}" if options else "")
            + ("" if column.required else "；没有可以不填")
        )
    return "已预填；橙色的请核实，黄色的请补上" if column.is_fillable else "已预填，不用填"
