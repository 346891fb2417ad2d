"""The two forms of a request for data: what is wished for, and what is said to it."""

from typing import Any

from django import forms

from jiceng_pipeline.exchange import sharing
from jiceng_pipeline.ledger.kinds.grant import Profile
from jiceng_pipeline.portal.wording import say, worded
from jiceng_pipeline.returns import masks
from jiceng_pipeline.returns.datasets import Dataset

_PROFILES: tuple[Profile, ...] = ("check", "full", "statistics")


class Wish(forms.Form):
    """Which elements, of which place, shown how, what for, on what basis, until when."""

    elements = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    scope = forms.RegexField(r"^\s*(\*|\d{2}|\d{4}|\d{6}|\d{9}|\d{12})\s*$", max_length=14)
    profile = forms.ChoiceField(widget=forms.RadioSelect, initial="check")
    purpose = forms.CharField(max_length=200)
    legal_basis = forms.CharField(max_length=300)
    until = forms.DateField(input_formats=["%Y-%m-%d"])

    def __init__(self, dataset: Dataset, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        for name, choices in (
            ("elements", [(each, _words(dataset, each)) for each in dataset.columns if _may(dataset, each)]),
            ("profile", [(each, masks.TITLES[each]) for each in _PROFILES]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
        worded(
            self.fields["elements"],
            say("要哪些数据项", "Which elements"),
            say("只选用得着的。不予共享的没有列出。", "Only what is needed; what is not shared is left out."),
            say("至少选一项", "Choose at least one"),
        )
        digits = say("区划代码：市四位、县六位、街道九位、社区十二位", "A division's code of 4, 6, 9 or 12 digits")
        worded(self.fields["scope"], say("哪里的", "Of which division"), digits)
        worded(self.fields["profile"], say("怎么显示", "Shown how"))
        worded(self.fields["purpose"], say("做什么用", "What for"))
        worded(self.fields["legal_basis"], say("依据哪条规定", "Legal basis"))
        example = say("写成 2027-06-30 这样", "Like 2027-06-30")
        until = say(f"日期不对：{example}", f"No day: {example}")
        worded(self.fields["until"], say("用到哪一天", "Until which day"), example, until)

    def clean_scope(self) -> str:
        """Return it without blanks."""
        return str(self.cleaned_data["scope"]).strip()


class Said(forms.Form):
    """Yes or no, and why not."""

    agrees = forms.ChoiceField(widget=forms.RadioSelect, required=False, choices=[("yes", "同意"), ("no", "不同意")])
    reason = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, is_asked: bool, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["agrees"].required = is_asked
        worded(self.fields["agrees"], say("同意吗？", "Yes or no?"), missing=say("请选一项", "Choose one"))
        worded(
            self.fields["reason"],
            say("理由", "Reason"),
            say("不同意或收回的要写理由", "Needed where you do not agree, or revoke"),
        )


def _words(dataset: Dataset, name: str) -> str:
    held = sharing.lead(dataset, dataset.elements[name])
    shared = sharing.SHARINGS[held.sharing] if held else say("本库得出", "derived here")
    return f"{dataset.elements[name].title}（{shared}）"


def _may(dataset: Dataset, name: str) -> bool:
    held = sharing.lead(dataset, dataset.elements[name])
    return held is None or held.sharing != "not_shared"
