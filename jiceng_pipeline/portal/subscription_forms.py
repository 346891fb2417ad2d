"""The forms of a subscription: what is wanted, which batches once more, and whether it is really to end."""

import re
from collections.abc import Mapping
from typing import Any, cast

from django import forms

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.exchange import condition, delivery_target, subscription
from jiceng_pipeline.exchange.offer import Offer
from jiceng_pipeline.ledger.kinds.subscription import Condition, Subscription, Test
from jiceng_pipeline.portal import place_names
from jiceng_pipeline.portal.reading import settings
from jiceng_pipeline.portal.wording import say, worded
from jiceng_pipeline.returns.masks import SHOWN

CONDITIONS = 3
MOST_BATCHES = 20  # sent again by one press of a button: the reader waits for it
_SEPARATORS = re.compile(r"[、,，;；|\s]+")
_MOST_VALUES = 50
_COMMUNITY_DIGITS = 12
_NUMBERS = ("一", "二", "三")


class Wanted(forms.Form):
    """Which elements of which place, which rows, how often, where to, what for."""

    elements = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    scope = forms.RegexField(r"^\s*(\*|\d{2}|\d{4}|\d{6}|\d{9}|\d{12})\s*$", max_length=14)
    purpose = forms.CharField(max_length=200, required=False)
    cadence = forms.ChoiceField(
        widget=forms.RadioSelect, choices=list(subscription.CADENCES.items()), initial="every_version"
    )
    target = forms.ChoiceField(widget=forms.RadioSelect)

    def __init__(self, offer: Offer, account: str, present: Subscription | None, sent: Any = None) -> None:
        super().__init__(sent, initial=_initial(offer, present))
        self._offer = offer
        masked = {n: "" if masking is SHOWN else f"（{masking.words}）" for n, masking in offer.maskings.items()}
        shown = offer.dataset.elements
        _choose(self, "elements", {name: f"{shown[name].title}{masked[name]}" for name in offer.maskings})
        places = [*delivery_target.offered(settings(), account), *([present.target] if present else [])]
        _choose(self, "target", {name: delivery_target.title(settings(), name) for name in dict.fromkeys(places)})
        if offer.purposes:
            self.fields["purpose"] = forms.ChoiceField(choices=[(each, each) for each in offer.purposes])
        self.fields["purpose"].required = bool(offer.purposes) or offer.profile == "full"
        for number in range(CONDITIONS):
            self._add_condition(number)
        self._label()

    def _add_condition(self, number: int) -> None:
        titles = {name: self._offer.dataset.elements[name].title for name in self._offer.tellable}
        self.fields[f"element_{number}"] = forms.ChoiceField(required=False)
        self.fields[f"test_{number}"] = forms.ChoiceField(required=False)
        self.fields[f"values_{number}"] = forms.CharField(required=False, max_length=500)
        _choose(self, f"element_{number}", {"": say("不限", "any"), **titles})
        _choose(self, f"test_{number}", dict(condition.TESTS))
        nth = say(f"条件{_NUMBERS[number]}", f"Condition {number + 1}")
        worded(self.fields[f"element_{number}"], say(f"{nth}：哪一项", f"{nth}: which element"))
        worded(self.fields[f"test_{number}"], say(f"{nth}：怎么比", f"{nth}: how"))
        hint = say(
            "几个值用顿号分开，写名称或代码；“填了的”“空着的”不写", "Several by commas; none for filled or empty"
        )
        worded(self.fields[f"values_{number}"], say(f"{nth}：什么值", f"{nth}: values"), hint)

    def _label(self) -> None:
        places = "、".join(
            f"{place_names.title(code)}（{code}）" if code != "*" else "全部（*）" for code in self._offer.scopes
        )
        has_parts = any(len(code) < _COMMUNITY_DIGITS for code in self._offer.scopes)
        parts = "，也可以写里面的街道、社区" if has_parts else ""
        worded(
            self.fields["elements"], say("要哪些数据项", "Which elements"),
            say("只选用得着的。括号里是怎么遮盖。", "Only what is needed."), say("至少选一项", "Choose at least one"),
        )  # fmt: skip
        worded(
            self.fields["scope"], say("哪里的（区划代码）", "Of which division"),
            say(f"您能订的：{places}{parts}", f"Yours: {places}"),
        )  # fmt: skip
        worded(self.fields["purpose"], say("做什么用", "What for"))
        worded(self.fields["cadence"], say("多久送一次", "How often"))
        worded(
            self.fields["target"], say("送到哪里", "Where to"),
            say("系统管理员给您登记的地方", "What the operator set up for you"), say("请选送到哪里", "Choose one"),
        )  # fmt: skip

    @property
    def plain(self) -> list[forms.BoundField]:
        """Return the fields that are always asked."""
        return [self[name] for name in ("elements", "scope", "purpose", "cadence", "target")]

    @property
    def conditions(self) -> list[forms.BoundField]:
        """Return the fields of the conditions, which most leave empty."""
        kinds = ("element", "test", "values")
        return [self[f"{kind}_{number}"] for number in range(CONDITIONS) for kind in kinds]

    @property
    def has_conditions(self) -> bool:
        """Say whether there is a condition, or something wrong with one."""
        return any(self[f"element_{number}"].value() for number in range(CONDITIONS)) or any(
            field.errors for field in self.conditions
        )

    def clean_scope(self) -> str:
        """Return it without blanks; a division that there is not has no rows, ever."""
        scope = str(self.cleaned_data["scope"]).strip()
        try:
            place_names.title(scope)
        except UsageError as wrong:
            raise forms.ValidationError(f"{wrong.what}；{wrong.cure}") from None
        return scope

    def clean(self) -> dict[str, Any]:
        """Read the conditions; who is in the list tells the value, so what they are on is among the elements."""
        said = super().clean() or {}
        found = []
        for number in range(CONDITIONS):
            name = said.get(f"element_{number}")
            if not name:
                continue
            if name not in said.get("elements", ()):
                self.add_error(f"element_{number}", say("这一项也要在上面选上", "Choose it among the elements, too"))
                continue
            values = [each for each in _SEPARATORS.split(said.get(f"values_{number}", "")) if each][:_MOST_VALUES]
            try:
                found.append(condition.of(name, cast(Test, said.get(f"test_{number}") or "is"), values))
            except UsageError as wrong:
                self.add_error(f"values_{number}", f"{wrong.what}；{wrong.cure}")
        return {**said, "conditions": tuple(found)}

    def subscription(self, name: str, account: str, present: Subscription | None) -> Subscription:
        """Return what was asked for."""
        said = self.cleaned_data
        return Subscription(
            subscription_id=name, subscriber=account, dataset=self._offer.dataset.name,
            elements=tuple(said["elements"]), scope=said["scope"], conditions=said["conditions"],
            profile=self._offer.profile, purpose=" ".join(said["purpose"].split()) or None, cadence=said["cadence"],
            target=said["target"], state=present.state if present else "active",
        )  # fmt: skip


class Again(forms.Form):
    """From which batch to which."""

    first = forms.IntegerField(min_value=1, widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    last = forms.IntegerField(min_value=1, widget=forms.TextInput(attrs={"inputmode": "numeric"}))

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        for name, title in (("first", say("从第几批", "From batch")), ("last", say("到第几批", "To batch"))):
            worded(self.fields[name], title)
            self.fields[name].error_messages["min_value"] = say("批号从 1 起", "Batches begin with 1")

    def clean(self) -> dict[str, Any]:
        """Not too many at once."""
        said = super().clean() or {}
        if not self.errors and said["last"] - said["first"] >= MOST_BATCHES:
            most = say(f"一次最多重送 {MOST_BATCHES} 批", f"{MOST_BATCHES} batches at most")
            self.add_error("last", most)
        return said


class Ending(forms.Form):
    """Nothing to fill in: that it was asked once more is all."""

    do = forms.CharField(widget=forms.HiddenInput, initial="end")
    sure = forms.CharField(widget=forms.HiddenInput, initial="yes")


def _initial(offer: Offer, present: Subscription | None) -> dict[str, Any]:
    if present is None:
        return {"scope": offer.scopes[0]}
    elements = tuple(offer.maskings) if present.elements == "*" else present.elements
    told: dict[str, Any] = {
        "elements": elements, "scope": present.scope, "purpose": present.purpose or "", "cadence": present.cadence,
        "target": present.target,
    }  # fmt: skip
    for number, each in enumerate(present.conditions[:CONDITIONS]):
        told |= _shown(number, each)
    return told


def _shown(number: int, each: Condition) -> Mapping[str, str]:
    return {
        f"element_{number}": each.element, f"test_{number}": each.test, f"values_{number}": condition.values(each),
    }  # fmt: skip


def _choose(form: forms.Form, name: str, choices: Mapping[Any, str]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices.items())
