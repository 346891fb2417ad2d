"""The whole copy of a subscription as one file of JSON lines, for whoever pulls it, another instance among them."""

from pathlib import Path

from jiceng_pipeline.core import files
from jiceng_pipeline.exchange.receiver_store import Store
from jiceng_pipeline.standard.macro import literal
from jiceng_pipeline.warehouse.connection import identifier


def write(store: Store, name: str, folder: Path) -> Path:
    """Write `<name>.jsonl`, a row a line, every value as text, whole or not at all."""
    target = folder / f"{name}.jsonl"
    with files.storage(target):
        folder.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(f"cast({identifier(c)} as varchar) as {identifier(c)}" for c in store.columns(name))
    with files.new_file(target) as draft:
        store.connection.execute(
            f"""copy (select _key, {columns} from {store.table(name)} order by _key) to {literal(str(draft))}
            (format json, use_tmp_file false)"""
        )
    return target
