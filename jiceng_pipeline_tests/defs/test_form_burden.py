"""The burden of forms is materialised by itself: a row a department, a plot, no community and no person."""

import dagster as dg

from jiceng_pipeline.definitions import defs
from jiceng_pipeline.defs.form_burden import JOB, KEY
from jiceng_pipeline.forms.definition import forms
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants


def test_it_tells_of_every_department_and_of_nobody(synced_copy, monkeypatch):
    monkeypatch.setenv("JICENG_HOME", str(synced_copy.home))
    with open_ledger(synced_copy) as ledger:
        grants.ensure_operator(ledger)
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs().resolve_job_def(JOB).execute_in_process(instance=instance)
    (materialised,) = result.asset_materializations_for_node(KEY.to_python_identifier())
    told = materialised.metadata
    assert len(told["各部门"].records) == len({form.department for form in forms().values()})
    assert told["预填"].value > 0.75 * told["格"].value
    assert told["重复采集"].value == 0
    assert told["图"].value.startswith(f"{told['格'].value:,} 格里")
    assert "data:image/svg+xml" in told["图"].value


def test_a_sync_does_not_wait_for_it():
    nodes = {node.name for node in defs().resolve_job_def("sync").nodes}
    assert KEY.to_python_identifier() not in nodes
