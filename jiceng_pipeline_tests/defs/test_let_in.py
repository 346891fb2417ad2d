"""What an operator lets in: a delivery that is stopped because it lost most of its records, though that is right."""

import yaml

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.departments.contract import contracts
from jiceng_pipeline.landing import outcome
from jiceng_pipeline_tests.defs.test_sync import materialise

NAME = "civil_affairs/elderly_allowance"


def test_a_delivery_that_shrank_is_let_in_once_the_operator_says_so(tmp_path, monkeypatch):
    contract, settings = contracts()[NAME], Settings(home=tmp_path / "home")
    settings.home.mkdir()
    settings.connections.write_text(yaml.safe_dump({NAME: {"folder": str(tmp_path)}}), "utf-8")

    def deliver(count):
        rows = [",".join(contract.source_columns)]
        for number in range(count):
            cells = {"姓名": f"王{chr(0x4E00 + number)}", "发放编号": f"A{number}"}
            rows.append(",".join(cells.get(column, "") for column in contract.source_columns))
        (tmp_path / "高龄津贴发放_202605.csv").write_text("\n".join(rows) + "\n", "utf-8")
        materialise(settings, f"landing.{contract.table}")
        return outcome.latest(settings, contract)

    assert deliver(20).status == "landed"
    stopped = deliver(5)
    assert (stopped.status, stopped.error["kind"]) == ("failed", "SourceRejected")
    assert f"JICENG_LET_IN={NAME} jiceng sync" in stopped.error["cure"]
    monkeypatch.setenv("JICENG_LET_IN", f"{NAME},civil_affairs/other")
    assert (found := deliver(5)).status == "landed", found
    assert found.rows_accepted == 5
