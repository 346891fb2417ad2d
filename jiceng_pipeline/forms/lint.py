"""What speaks against a form (表单检查): it asks again for what somebody holds, or much of it is another form."""

from dataclasses import dataclass

from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.forms.definition import REASONS, Form, forms

MOST_ALIKE = 0.8  # of its columns in one other form: then the other is enough


@dataclass(frozen=True)
class Complaint:
    """One thing that is wrong with a form, and what to do."""

    form: str
    what: str
    cure: str


def lint(form: Form) -> list[Complaint]:
    """Return what speaks against `form`, the worst first; nothing where it may be sent."""
    return [*_asked_again(form), *_alike(form), *_empty(form)]


def held_by(element_id: str) -> tuple[str, ...]:
    """Return the departments' systems that hold an element; what a community collected is not among them."""
    return tuple(
        name
        for name, contract in contracts().items()
        if contract.department != "community" and element_id in contract.columns.values()
    )


def overlap(columns: frozenset[str], other: Form) -> float:
    """Return the share of these elements that another form has too."""
    return len(columns & {each.element for each in other.columns}) / len(columns)


def _asked_again(form: Form) -> list[Complaint]:
    reasons = "、".join(f"{code}（{words}）" for code, words in REASONS.items())
    found = []
    for each in form.asked:
        holders = held_by(each.element)
        if holders and each.reason is None:
            titles = "、".join(contracts()[name].title for name in holders)
            what = f"重复采集：“{each.heading}”在{titles}里已有"
            found.append(Complaint(form.id, what, f"去掉 asked: true，改为预填；确需再填的，写 reason：{reasons}"))
    return found


def _alike(form: Form) -> list[Complaint]:
    mine = frozenset(each.element for each in form.columns)
    return [
        Complaint(
            form.id,
            f"与《{other.title}》有 {overlap(mine, other):.0%} 的项目相同",
            f"并入 {other.id}，或只保留不同的项目",
        )
        for other in forms().values()
        if other.id != form.id and other.rows.entity == form.rows.entity and overlap(mine, other) >= MOST_ALIKE
    ]


def _empty(form: Form) -> list[Complaint]:
    if form.asked:
        return []
    what = "没有一项要社区填：所要的都已经有了"
    return [Complaint(form.id, what, "不必发表，改为申请共享")]
