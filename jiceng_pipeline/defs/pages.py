"""What people open after a sync: the dashboard, a page a rule, and every department's monthly report."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from jiceng_pipeline.core import clock
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs.layers import OWNER, VERSION, described
from jiceng_pipeline.defs.plots import image
from jiceng_pipeline.defs.resources import SyncRun
from jiceng_pipeline.defs.sync import Sync
from jiceng_pipeline.quality import history
from jiceng_pipeline.quality.history import History
from jiceng_pipeline.quality.pages import dashboard, plot, site, words

Told = Mapping[str, Any]


@dg.definitions
def defs() -> dg.Definitions:
    """Return the assets; they come after the version, for they tell of what is served."""
    return dg.Definitions(
        assets=[
            _page("dashboard", "总览", "行数、隔离、说法不一、问题单、过期系统的走势", _dashboard),
            _page("rule_page", "规则页", "每条规则一页：什么意思、近来怎样、由谁改正", _rules),
            _page("monthly_report", "月度质量报告", "每个系统一份，网页和表格各一", _reports),
        ]
    )


def _page(name: str, title: str, purpose: str, write: Callable[[Settings, History], Told]) -> dg.AssetsDefinition:
    @dg.asset(
        key=["quality", name],
        deps=[VERSION],
        group_name="quality",
        description=described("quality", title, purpose),
        kinds={"html"},
        owners=[OWNER],
        tags={"layer": "quality"},
    )
    def page(sync_run: SyncRun) -> dg.MaterializeResult[None]:
        def written(sync: Sync) -> Told:
            told = write(sync.settings, history.read(sync.settings))
            sync.step_done("published", title)
            return told

        return dg.MaterializeResult(metadata=sync_run.step(f"quality/{name}", written))

    return page


def _dashboard(settings: Settings, known: History) -> Told:
    path = site.write_dashboard(settings, known)
    shown = known.days[-history.SHOWN_SYNCS :]
    labels = [words.day(each.day) for each in shown]
    drawn = dashboard.plots(shown) if shown else []
    # plain numbers too: Dagster plots these itself, over all its runs
    numbers = {name: values[-1] for each in drawn for name, values in each.series.items()}
    plots = {
        each.title: dg.MetadataValue.md(
            f"{each.says}\n\n![{each.title}]({image(plot.svg(each.title, each.says, labels, each.series))})"
        )
        for each in drawn
    }
    return {"网页": _path(path), **numbers, **plots}


def _rules(settings: Settings, known: History) -> Told:
    return {"网页": _path(site.write_rules(settings, known))}


def _reports(settings: Settings, known: History) -> Told:
    written = site.write_reports(settings, known, clock.business_date(settings))
    return {"份数": len(written), "位置": _path(written[0].parent)}


def _path(path: Path) -> dg.MetadataValue:
    return dg.MetadataValue.path(str(path))
