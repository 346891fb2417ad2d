"""What is being done in a place (办事进度): its matters, tasks and doubts, for whoever has the place in hand.

Leave to read some rows of a register is no leave to read these; so they are asked for by names of their own.
"""

from jiceng_pipeline.ledger.store import Ledger
from jiceng_pipeline.returns.access import authorise, served
from jiceng_pipeline.returns.datasets import Dataset

CASES = Dataset("work:cases", "交办事项", "社区和部门之间的事，在谁手上、到哪天", ())
DISPUTES = Dataset("work:disputes", "异议", "社区提出的异议，办到哪了", ())
TASKS = Dataset("work:tasks", "任务", "上级交办的任务，办到哪了", ())


def looked_at(ledger: Ledger, account: str, work: Dataset, scope: str) -> None:
    """Note down that somebody looks at the work of a division; raise AccessDenied for whom no post or grant lets."""
    served(ledger, authorise(ledger, account, work, scope, action="list", channel="page"), 0)
