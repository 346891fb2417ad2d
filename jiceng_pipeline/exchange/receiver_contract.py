"""A contract with which another instance pulls what a subscription brought: one instance as the source of the next.

The values are standard already, so every column is its own element and no code needs a table.
"""

from typing import Any

import yaml

from jiceng_pipeline.core.errors import UsageError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline.exchange import sharing
from jiceng_pipeline.ledger.kinds.subscription import Subscription
from jiceng_pipeline.returns import datasets
from jiceng_pipeline.returns.datasets import Dataset

_ENTITIES = {"resident_id": "resident", "enterprise_id": "enterprise"}
_RHYTHMS = {"every_version": "daily"}
_COUNTY_DIGITS = 6


def text(settings: Settings, wanted: Subscription, system: str, owner: str, contact: str) -> str:
    """Return the YAML of the contract for `department/system`; raise UsageError for rows that are of no entity.

    Only what is shown as it is can be taken over, so the subscription has to be of the profile `full`.
    """
    dataset = datasets.find(settings, wanted.dataset)
    entity = next((e for key, e in _ENTITIES.items() if dataset.name == f"{e}_register" and key in dataset.columns), "")
    if not entity or wanted.profile != "full":
        raise UsageError(
            "只有完整显示的人员、市场主体底册能作为另一个实例的来源",
            where=wanted.subscription_id,
            cure="另订阅一份底册",
        )
    contract = _contract(dataset, wanted, entity, owner, contact)
    department, _, name = system.partition("/")
    Contract.model_validate({**contract, "department": department, "system": name})
    return yaml.safe_dump(contract, allow_unicode=True, sort_keys=False)


def _contract(dataset: Dataset, wanted: Subscription, entity: str, owner: str, contact: str) -> dict[str, Any]:
    asked = [c for c in dataset.columns if wanted.elements == "*" or c in wanted.elements]
    taken = [column for column in asked if entity in dataset.elements[column].entities]
    behind = sharing.leads(dataset, asked)
    scope = wanted.scope if len(wanted.scope) >= _COUNTY_DIGITS else ""
    return {
        "title": f"{dataset.title}（订阅 {wanted.subscription_id}）",
        "owner": {"name": owner, "contact": contact},
        "legal_basis": "；".join(dict.fromkeys(each.legal_basis for each in behind)),
        "sharing": sharing.strictest(behind),
        "entity": entity,
        "jurisdiction": scope[:_COUNTY_DIGITS],
        "connector": {"kind": "json_lines", "options": {"file": f"{wanted.subscription_id}.jsonl"}},
        "rhythm": _RHYTHMS.get(wanted.cadence, wanted.cadence),
        "key": ["_key"],
        "columns": {column: column for column in taken},
        "ignored": ["_key", *(column for column in asked if column not in taken)],
    }
