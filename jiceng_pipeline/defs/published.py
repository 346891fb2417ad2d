"""The published version: the one step after which anybody sees anything new."""

import dagster as dg

from jiceng_pipeline.core.errors import NothingPublished
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.defs import catalogue, figures, gate, inputs
from jiceng_pipeline.defs.layers import OWNER, POOL, VERSION, described, key
from jiceng_pipeline.defs.resources import SyncRun
from jiceng_pipeline.defs.sync import Sync
from jiceng_pipeline.quality import inspection
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.publish import Published


@dg.definitions
def defs() -> dg.Definitions:
    """Return the asset."""
    return dg.Definitions(assets=[_version()])


def _version() -> dg.AssetsDefinition:
    every = catalogue.tables(Settings.load())
    read = {name for table in every.values() for name in table.depends}

    @dg.asset(
        key=VERSION,
        deps=sorted(key(name) for name in every if name not in read or name == catalogue.TICKET),
        group_name="published",
        description=described(
            "published", "当前版本", "检查通过的库和每个回流数据集的 Parquet；一次改名即成为当前版本"
        ),
        kinds={"duckdb", "parquet"},
        owners=[OWNER],
        tags={"layer": "published"},
        pool=POOL,
    )
    def version(sync_run: SyncRun) -> dg.MaterializeResult[None]:
        published = sync_run.step("published/version", _publish)
        manifest = published.version.manifest
        return dg.MaterializeResult(
            metadata={
                "版本": published.version.name,
                "是否新版本": published.is_new,
                "位置": dg.MetadataValue.path(str(published.version.folder)),
                **{f"{name} 行": rows for name, rows in manifest["returned"].items()},
            },
            data_version=dg.DataVersion(manifest["content_hash"]),
        )

    return version


def _publish(sync: Sync) -> Published:
    """Publish what this run built; raise NothingPublished where it may not be."""
    if sync.published is None:
        sync.published = _publish_build(sync)
    sync.is_finished = True
    sync.step_done("published", sync.published.version.name)
    return sync.published


def _publish_build(sync: Sync) -> Published:
    if not sync.is_full:
        raise NothingPublished("只选了部分资产，这样的库不发布", where="published/version", cure="运行整个 sync 作业")
    with sync.connection() as connection:
        if refusal := gate.refusal(connection):
            raise refusal
        # before it is published: should the publish be interrupted, the next build finds the same and adds nothing
        inspection.record(connection, sync.settings)
        summary = {
            "systems": figures.systems(connection),
            "entities": figures.entities(connection),
            "checks": figures.checks(connection),
        }
    made_of = inputs.with_pinned(sync.settings, sync.inputs)
    facts = {"inputs": made_of, "pulled": inputs.pulled(sync.settings), "summary": summary}
    sync.close()
    return publish.publish(sync.settings, sync.database, facts, sync.hashes)
