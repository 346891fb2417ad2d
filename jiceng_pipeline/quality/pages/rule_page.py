"""A page a rule, and one that lists them all: what it means, how it stands, whose failures, how it is counted."""

from collections.abc import Iterator, Sequence

from jiceng_pipeline.ledger.kinds.inspection import Inspection, Verdict
from jiceng_pipeline.quality import history
from jiceng_pipeline.quality.expectation import RowCount
from jiceng_pipeline.quality.pages import document, plot, words
from jiceng_pipeline.quality.rule import BY_ROW, Rule
from jiceng_pipeline.standard import register

UP = ("index.html", "全部规则")


def index(rules: Sequence[Rule], days: Sequence[Inspection]) -> str:
    """Return the page that lists every rule, the failing ones first."""
    last = days[-1] if days else None
    checks = last.checks if last else {}
    rows = sorted(rules, key=lambda rule: (_standing(checks.get(rule.id)) == "通过", rule.layer, rule.id))
    failed = sum(1 for rule in rules if _standing(checks.get(rule.id)) != "通过")
    return document.page(
        "质量规则",
        (
            document.paragraph(
                f"共 {len(rules)} 条规则，{last.day} 检查时 {failed} 条没有通过。" if last else "还没有检查过。"
            ),
            document.table(
                "全部规则",
                ("规则", "结果", "不合的行", "查的是", "级别"),
                [
                    (
                        document.link(f"{rule.id}.html", rule.title),
                        _standing(checks.get(rule.id)),
                        checks[rule.id].failed if rule.id in checks else None,
                        words.LAYER[rule.layer],
                        words.SEVERITY[rule.severity],
                    )
                    for rule in rows
                ],
            ),
        ),
        links=(("../dashboard.html", "总览"),),
    )


def page(rule: Rule, days: Sequence[Inspection]) -> str:
    """Return the page of one rule over the last inspections."""
    shown = days[-history.SHOWN_SYNCS :]
    last = shown[-1].checks.get(rule.id) if shown else None
    return document.page(rule.title, _parts(rule, shown, last), links=(("../dashboard.html", "总览"), UP))


def _parts(rule: Rule, shown: Sequence[Inspection], last: Verdict | None) -> Iterator[str]:
    yield document.paragraph(f"{rule.meaning}。")
    if last:
        yield document.cards(
            (
                ("结果", _standing(last)),
                ("不合的行", last.failed),
                ("检查的行", last.total),
                ("不合的比例", _share(last)),
            )
        )
    yield document.table("规则", ("项目", "说明"), _facts(rule))
    yield document.heading("近来的变化")
    trend = history.trend(shown, rule.id)
    yield plot.lines(
        "不合规则的行数",
        words.says([count for _, count in trend], "行"),
        [words.day(day) for day, _ in trend],
        {"不合的行": [count for _, count in trend]},
    )
    yield document.heading("由谁改正")
    owners = sorted((last.owners if last else {}).items(), key=lambda found: (-found[1], found[0]))
    yield document.table(
        "各系统不合的行", ("责任单位", "系统", "行"), [(words.owner(s), words.system(s), count) for s, count in owners]
    )
    yield document.heading("怎么数的")
    yield document.paragraph(
        "两种数法各数一遍：great_expectations 在本库中判定一次，本库的查询数一次并记下是哪些记录；"
        "两边的数不相等，这条规则就算没能判定。页面上只有数目和记录标识，没有任何人的信息。"
    )
    yield document.table("判定用的条件", ("项目", "内容"), _condition(rule))


def _facts(rule: Rule) -> Iterator[tuple[str, object]]:
    yield "规则标识", rule.id
    yield "级别", words.SEVERITY[rule.severity]
    yield "查的是", f"{words.LAYER[rule.layer]}（{rule.table}）"
    if rule.element:
        yield "数据元", f"{register.element(rule.element).title}（{rule.element}）"
    yield (
        "谁来改",
        "记录所在的系统" if rule.owner == BY_ROW else f"{words.owner(rule.owner)} {words.system(rule.owner)}",
    )
    if rule.tolerance.max_count or rule.tolerance.max_share:
        yield "容许", f"不超过 {rule.tolerance.max_count} 行或 {rule.tolerance.max_share:.2%}"
    yield "是否派单", "派" if rule.ticket and rule.severity != "info" else "不派"


def _condition(rule: Rule) -> Iterator[tuple[str, object]]:
    if rule.where:
        yield "看哪些行", rule.where.strip()
    if rule.predicate is not None:
        yield "一行算好", rule.predicate.strip()
    elif rule.expectation is not None:
        kind = rule.expectation
        fields = "，".join(f"{name} {value}" for name, value in kind.model_dump(mode="json").items() if name != "kind")
        yield "整表" if isinstance(kind, RowCount) else "一行算好", f"{kind.kind}：{fields}"


def _standing(verdict: Verdict | None) -> str:
    if verdict is None:
        return "还没查过"
    return "没能判定" if verdict.broken else "通过" if verdict.passed else "没有通过"


def _share(verdict: Verdict) -> str:
    return f"{verdict.failed / verdict.total:.2%}" if verdict.total else "0%"
