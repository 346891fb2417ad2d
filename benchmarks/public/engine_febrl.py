"""This engine on FEBRL: the same anchors, scorer and pool, with `febrl.yaml` for a model."""

from pathlib import Path

import duckdb

from jiceng_pipeline.core import documents
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import decisions, identity
from jiceng_pipeline.matching.model import Matching

MODEL = Path(__file__).with_name("febrl.yaml")
_SPELT = {
    "given_name": "given",
    "surname": "surname",
    "suburb": "suburb",
    "address_1": "address",
    "born": "born",
    "number": "number",
    "postcode": "postcode",
}


def cluster(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `answer(record_id, predicted)` from table `febrl`, with a model trained on it without labels."""
    matching = documents.read(MODEL, Matching, entity="resident")
    prepare(connection)
    connection.execute("create schema if not exists matching")
    decisions.create_decision(connection, settings)
    identity.reconcile(connection, settings, matching)
    connection.execute(
        """create or replace table answer as select r.own_id as record_id, l.entity_id as predicted
        from matching.resident_link as l join public.febrl_record as r using (record_id)"""
    )


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `public.febrl_record`: the columns every model needs, and each text by sound and by its letters."""
    spelt = ", ".join(
        f"{_sound(column)} as {name}_sound, {_letters(column)} as {name}_letters" for column, name in _SPELT.items()
    )
    connection.execute("create schema if not exists public")
    connection.execute(
        f"""create or replace table public.febrl_record as
        select columns(c -> c <> 'record_id'), record_id as own_id, md5(record_id) as record_id,
            source_dataset as system, '1' as first_landed, true as is_current, {spelt},
            case when count(*) over (partition by number) > 1 then number end as identifier,
            hash(record_id) as content_mark
        from febrl"""
    )


def _sound(column: str) -> str:
    """Return SQL: the first letter and the consonants after it, doubled ones once."""
    return f"substr({column}, 1, 1) || regexp_replace(substr({column}, 2), '[aeiouhwy ]', '', 'g')"


def _letters(column: str) -> str:
    """Return SQL: the signs in alphabetical order, so that two which changed places make no difference."""
    return f"array_to_string(list_sort(string_split({column}, '')), '')"
