"""The quality gate: what keeps a build from being published."""

import duckdb

from jiceng_pipeline.core.errors import NothingPublished
from jiceng_pipeline.quality.rule import rules
from jiceng_pipeline.warehouse.connection import has_table


def refusal(connection: duckdb.DuckDBPyConnection) -> NothingPublished | None:
    """Return why the build may not be published: a blocking rule failed, is broken, or was never judged."""
    passed: set[str] = set()
    if has_table(connection, "quality.check_result"):
        passed = {
            rule
            for (rule,) in connection.execute(
                "select rule_id from quality.check_result where passed and not broken"
            ).fetchall()
        }
    stopping = [rule for rule in rules().values() if rule.blocks and rule.id not in passed]
    if not stopping:
        return None
    return NothingPublished(
        f"{len(stopping)} 条必须通过的检查没有通过：{'、'.join(rule.title for rule in stopping)}",
        where="、".join(rule.id for rule in stopping),
        cure="看这些检查和问题单；上一版本仍在使用，这次的库留在 builds/ 供查看",
    )
