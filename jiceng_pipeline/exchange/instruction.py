"""任务 (instructions): what goes down the tree, stands once on every community's list, and rolls up done or late.

An instruction is one event; whom it concerns follows from the division it was given to, so nothing is copied
2,000 times and a community that was merged answers as what it became.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.exchange import party, said_once
from jiceng_pipeline.ledger import views
from jiceng_pipeline.ledger.chain import Event
from jiceng_pipeline.ledger.kinds.instruction import Instruction
from jiceng_pipeline.ledger.kinds.instruction_answer import InstructionAnswer
from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.returns import access, communities
from jiceng_pipeline.standard import divisions

COMMUNITY_DIGITS = 12
_LEVELS = (2, 4, 6, 9, COMMUNITY_DIGITS)
_EVERYWHERE = "*"


@dataclass(frozen=True)
class Tally:
    """How many communities have answered; `late` is who has not and should have, or first did after the day."""

    communities: int
    done: int
    cannot: int
    late: int

    @property
    def waiting(self) -> int:
        """Return how many have not answered."""
        return self.communities - self.done - self.cannot


@dataclass(frozen=True)
class Task:
    """An instruction as one division sees it; `answer` is a community's own, None where it has given none."""

    instruction: Instruction
    tally: Tally
    answer: InstructionAnswer | None
    is_late: bool


@dataclass(frozen=True)
class _Answered:
    """What a community says now, and when it first said something: to correct an answer makes nobody late."""

    last: InstructionAnswer
    first_date: date


def issue(
    settings: Settings, ledger: Ledger, actor: str, *, title: str, text: str, scope: str, due_date: date, item: str = ""
) -> Instruction:
    """Give a task to every community of a division; raise UsageError where there is none, or for a day gone by.

    Given twice the same on one day it is one task. Who gives it needs a post for that division, or a department's.
    """
    party.permit_here(ledger, actor, "give_task", scope)
    today = clock.business_date(settings)
    if due_date < today:
        raise UsageError("期限已经过了", where=str(due_date), cure="写今天或以后的日期")
    if not _below(settings, scope):
        raise UsageError("这个范围里没有社区", where=scope, cure="写区划代码或其开头，* 为全部")
    told = {
        "title": " ".join(title.split()), "text": text.strip(), "scope": scope, "issued_by": actor,
        "issued_date": today.isoformat(), "due_date": due_date.isoformat(),
        "item_id": item,
    }  # fmt: skip
    name = said_once.name(ledger, "instruction", told, lambda event: views.typed(event, Instruction).body.is_withdrawn)
    body = Instruction.model_validate({**told, "instruction_id": name})
    ledger.append("instruction", body.subject, body, actor, once=True)
    return body


def find(ledger: Ledger, name: str) -> Instruction:
    """Return one instruction; raise UsageError where there is none of that name, or it was withdrawn."""
    found = [e.body for key, e in views.standing(ledger, Instruction).items() if name and key.startswith(name)]
    if len(found) != 1 or found[0].is_withdrawn:
        raise UsageError("没有这个任务", where=name, cure="用 jiceng task list 看编号")
    return found[0]


def withdraw(ledger: Ledger, name: str, actor: str) -> Event:
    """Take a task off every list; only who gave it may."""
    body = find(ledger, name)
    if body.issued_by != actor:
        raise UsageError("只有下达的人可以撤回", where=name, cure=f"请 {body.issued_by} 撤回")
    return ledger.append("instruction", body.subject, body.model_copy(update={"is_withdrawn": True}), actor)


def answer(
    settings: Settings, ledger: Ledger, name: str, community: str, actor: str, *, verdict: str, text: str = ""
) -> Event:
    """Answer a task for a community; raise UsageError where it is not that community's."""
    body = find(ledger, name)
    place = communities.find(settings, community).code
    if place not in _below(settings, body.scope):
        raise UsageError("这个任务没有下达给该社区", where=f"{name} {place}", cure="核对任务编号和社区")
    access.permit(ledger, actor, "answer_task", scope=place)
    said = InstructionAnswer.model_validate(
        {
            "instruction_id": body.instruction_id,
            "community_code": place,
            "verdict": verdict,
            "text": text.strip(),
            "answered_date": clock.business_date(settings),
        }
    )
    return ledger.append("instruction_answer", said.subject, said, actor)


def tasks(settings: Settings, ledger: Ledger, scope: str) -> list[Task]:
    """Return the tasks that concern a division, each once, those due first; a community sees its own answer."""
    here = _below(settings, scope)
    found = [
        _task(settings, entry.body, _answers(settings, ledger, entry.subject, scope), reached, scope)
        for entry in views.standing(ledger, Instruction).values()
        if not entry.body.is_withdrawn and (reached := here & _below(settings, entry.body.scope))
    ]
    return sorted(found, key=lambda task: (task.instruction.due_date, task.instruction.instruction_id))


def waiting(settings: Settings, ledger: Ledger, community: str) -> list[Instruction]:
    """Return the tasks a community has not answered yet, those due first; what others answered is not read."""
    place = communities.became(settings, community)
    own = {place, *(code for code, now in divisions.merged(settings).items() if now == place)}
    found = [
        entry.body
        for entry in views.standing(ledger, Instruction).values()
        if not entry.body.is_withdrawn
        and (entry.body.scope == _EVERYWHERE or any(code.startswith(entry.body.scope) for code in own))
        and not any(ledger.on("instruction_answer", f"{entry.body.instruction_id}/{code}") for code in own)
    ]
    return sorted(found, key=lambda body: (body.due_date, body.instruction_id))


def roll_up(settings: Settings, ledger: Ledger, name: str, scope: str | None = None) -> Mapping[str, Tally]:
    """Return how far a task is: of the division (of the instruction, or below it), then of each part of it."""
    body = find(ledger, name)
    top = scope or body.scope
    answers = _answers(settings, ledger, body.instruction_id, top)
    reached = _below(settings, body.scope) & _below(settings, top)
    found = {top: _tally(settings, body, answers, reached)}
    digits = next((level for level in _LEVELS if level > (0 if top == _EVERYWHERE else len(top))), None)
    for part in sorted({code[:digits] for code in reached}) if digits else ():
        found[part] = _tally(settings, body, answers, {code for code in reached if code.startswith(part)})
    return found


def _task(
    settings: Settings, body: Instruction, answers: Mapping[str, _Answered], reached: set[str], scope: str
) -> Task:
    tally = _tally(settings, body, answers, reached)
    own = answers.get(scope) if len(scope) == COMMUNITY_DIGITS else None
    return Task(body, tally, own.last if own else None, tally.late > 0)


def _tally(settings: Settings, body: Instruction, answers: Mapping[str, _Answered], reached: Iterable[str]) -> Tally:
    is_over = clock.business_date(settings) > body.due_date
    given = {code: answers.get(code) for code in reached}
    verdicts = Counter(said.last.verdict for said in given.values() if said)
    late = sum(said.first_date > body.due_date if said else is_over for said in given.values())
    return Tally(len(given), verdicts["done"], verdicts["cannot"], late)


def _answers(settings: Settings, ledger: Ledger, name: str, scope: str) -> dict[str, _Answered]:
    """Return community as it is now → its answer, of those in a division; no others are read."""
    became = divisions.merged(settings)
    here = "" if scope == _EVERYWHERE else became.get(scope, scope)
    # who answered before it was merged into something here
    moved = [code for code, now in became.items() if now.startswith(here) and not code.startswith(here)]
    events = [event for start in (here, *moved) for event in ledger.about("instruction_answer", f"{name}/{start}")]
    found: dict[str, _Answered] = {}
    for event in sorted(events, key=lambda event: event.seq):
        said = views.typed(event, InstructionAnswer).body
        place = became.get(said.community_code, said.community_code)
        found[place] = _Answered(said, found[place].first_date if place in found else said.answered_date)
    return found


def _below(settings: Settings, scope: str) -> set[str]:
    """Return the communities of a division as they are on the business date."""
    now = communities.present(settings)
    if len(scope) == COMMUNITY_DIGITS:
        scope = divisions.merged(settings).get(scope, scope)
    return {code for code in now if scope == _EVERYWHERE or code.startswith(scope)}
