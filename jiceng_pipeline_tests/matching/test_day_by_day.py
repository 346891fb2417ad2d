"""What a day's change makes of a community, weighing only what it touches, is what weighing everything makes of it."""

import random
from contextlib import contextmanager
from dataclasses import replace

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.matching import identity, takeover, training
from jiceng_pipeline.matching.model import matchings
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

DAYS = 3
NEVER = 10**9  # so many records that nothing is kept
NAME = ("name", "written_name", "name_signs", "spoken_name", "name_key", "surname_key")
# columns that go from one record to another together
OF_RESIDENTS = (
    NAME,
    ("birth_date",),
    ("phone",),
    ("guardian_phone",),
    ("dwelling_key", "dwelling_door"),
    ("family_number", "system"),
    ("community_code",),
    ("other_document_number",),
    ("citizen_id", "invalid_number", "number_birth_date"),
    ("name_key", "birth_date", "phone"),  # a namesake with the same telephone: blocks grow wide
)
OF_ENTERPRISES = (
    ("enterprise_name",),
    ("phone",),
    ("address_key",),
    ("legal_representative_name", "legal_representative_citizen_id"),
    ("registration_number",),
    ("unified_social_credit_code", "unified_social_credit_code_raw"),
    ("system",),
)
OF = {"resident": OF_RESIDENTS, "enterprise": OF_ENTERPRISES}
MANY = {"resident": 7, "enterprise": 2}  # with more, a day would touch most of the few there are
LOST = {
    "resident": "invalid_number = citizen_id, citizen_id = null, number_birth_date = null",
    "enterprise": "unified_social_credit_code = null",
}


@contextmanager
def records_of(synced, settings, matching):
    """Open a database with one kind of records of the synced community and no decision."""
    version = publish.current(synced)
    with connect(settings=settings, attach={"served": version.database}) as connection:
        connection.execute(
            f"""create schema staging; create schema matching;
            create table {matching.records} as from served.{matching.records};
            create table matching.decision (
                entity varchar, record_id_a varchar, record_id_b varchar, verdict varchar)"""
        )
        if matching.entity == "enterprise":  # hardly one has no number
            connection.execute(
                f"update {matching.records} set {LOST['enterprise']} where md5_number_lower(record_id) % 2 = 0"
            )
        yield connection


def picked(connection, chance, matching, count, where="true"):
    """Return so many records, the same whenever the same is asked."""
    rows = connection.execute(f"select record_id from {matching.records} where {where} order by all").fetchall()
    return [record for (record,) in chance.sample(rows, min(count, len(rows)))]


def live(connection, chance, matching):
    """Let a day pass: records come, go, change and take on what others have; people decide, and take it back."""
    records = matching.records
    connection.execute(f"delete from {records} where record_id in ?", [picked(connection, chance, matching, 4)])
    for number, record in enumerate(picked(connection, chance, matching, 6)):
        name = f"{chance.getrandbits(128):032x}"
        connection.execute(
            f"insert into {records} select * replace (? as record_id) from {records} where record_id = ?",
            [name, record],
        )
        if number % 2:
            connection.execute(f"update {records} set {LOST[matching.entity]} where record_id = ?", [name])
    unplaced = f"{matching.identifier} is null"
    for columns in OF[matching.entity]:
        cells = ", ".join(f"{column} = o.{column}" for column in columns)
        given = picked(connection, chance, matching, 1, chance.choice((unplaced, "true")))
        takers = picked(
            connection,
            chance,
            matching,
            chance.choice((1, 2, MANY[matching.entity])),
            chance.choice((unplaced, "true")),
        )
        connection.execute(
            f"""update {records} as r set {cells} from {records} as o
            where o.record_id = ? and r.record_id in ?""",
            [given[0], takers],
        )
    connection.execute(
        f"update {records} set is_current = not is_current where record_id in ?",
        [picked(connection, chance, matching, 3)],
    )
    connection.execute(
        f"update {records} set {LOST[matching.entity]} where record_id in ?",
        [picked(connection, chance, matching, 2)],
    )
    crowd(connection, chance, matching)
    move_in_with(connection, chance, matching)
    connection.execute("delete from matching.decision where record_id_a < ?", [f"{chance.randrange(16):x}"])
    for verdict in ("same", "same", "different", "different"):
        pair = picked(connection, chance, matching, 1, unplaced) + picked(connection, chance, matching, 1)
        near = connection.execute(
            f"select near_record_id from matching.{matching.entity}_match where record_id = ?", pair[:1]
        ).fetchall()
        if near and near[0][0] and chance.random() < 0.7:
            pair[1] = near[0][0]
        if pair[0] != pair[1]:
            connection.execute(
                "insert into matching.decision values (?, ?, ?, ?)", [matching.entity, *sorted(pair), verdict]
            )


def crowd(connection, chance, matching):
    """Let doubles of what is near to somebody come under numbers of their own, and some of them go again.

    They share every block with him, so that blocks cross their cap, and what is second to him comes and goes.
    """
    records, match = matching.records, f"matching.{matching.entity}_match"
    doubles = picked(connection, chance, matching, 99, "record_id like 'dd%'")
    gone = [record for record in doubles if chance.random() < 0.4]
    connection.execute(f"delete from {records} where record_id in ?", [gone])
    near = connection.execute(
        f"select distinct near_record_id from {match} where near_weight > 0 order by all"
    ).fetchall()
    for (record,) in chance.sample(near, min(5, len(near))):
        for _ in range(chance.choice((1, 2))):
            connection.execute(
                f"""insert into {records} select * replace (? as record_id, ? as {matching.identifier})
                from {records} where record_id = ?""",
                [f"dd{chance.getrandbits(120):030x}", f"{chance.getrandbits(60)}", record],
            )


def move_in_with(connection, chance, matching):
    """Let one record of whose number somebody borrows, or who is of his family, be of the family near to him, too."""
    if matching.entity != "resident":
        return
    kin = connection.execute(
        """with loose as (
            select r.*, m.near_record_id
            from matching.resident_match as m join staging.resident_record as r using (record_id)
            where m.near_record_id is not null
        ), kin as (
            select near_record_id, citizen_id, 1 as place, '' as record_id from loose where citizen_id is not null
            union
            select l.near_record_id, k.citizen_id, 2, k.record_id
            from loose as l join staging.resident_record as k using (system, family_number)
            where k.citizen_id is distinct from l.citizen_id
        )
        select o.record_id, k.near_record_id from kin as k join staging.resident_record as o using (citizen_id)
        where o.record_id <> k.record_id order by k.place, o.record_id, k.near_record_id"""
    ).fetchall()
    for record, other in [*chance.sample(kin[:9], min(3, len(kin))), *chance.sample(kin, min(5, len(kin)))]:
        connection.execute(
            """update staging.resident_record as r set family_number = o.family_number, system = o.system
            from staging.resident_record as o where r.record_id = ? and o.record_id = ?""",
            [record, other],
        )


def take_over(connection, settings, matching):
    """Let the tables of the day before be there, as they are where a version begins with them."""
    began = settings.home / "began.duckdb"
    takeover.begin(settings, began)
    connection.execute(f"attach '{began}' as began")
    for part in ("match", "link"):
        table = f"matching.{matching.entity}_{part}"
        noted = connection.execute(
            f"""select comment from duckdb_tables()
            where database_name = 'began' and table_name = '{matching.entity}_{part}'"""
        ).fetchall()
        if noted:
            connection.execute(f"create or replace table {table} as from began.{table}")
            connection.execute(f"comment on table {table} is '{noted[0][0]}'")
    connection.execute("detach began")
    began.unlink()
    return connection.execute(
        """select count(*) from duckdb_tables()
        where database_name = current_database() and schema_name = 'matching' and comment is not null"""
    ).fetchall()[0][0]


def matched(connection, settings, matching, kept_records):
    """Return every row of who belongs with whom and why, and what was weighed for it."""
    settings = replace(settings, kept_records=kept_records)
    said = (name for name, *_ in connection.execute(f"describe {matching.records}").fetchall())
    connection.execute(
        f"update {matching.records} set content_mark = hash(row({', '.join(c for c in said if c != 'content_mark')}))"
    )
    identity.reconcile(connection, settings, matching)
    weighed = connection.execute("select weighed_anew + weighed_beside, to_place, why from rescored").fetchall()[0]
    tables = (f"matching.{matching.entity}_{part}" for part in ("borrowed", "match", "link"))
    return [connection.execute(f"from {table} order by all").fetchall() for table in tables], weighed


@pytest.mark.parametrize(("entity", "widest", "seed"), [("resident", 2, 1), ("resident", 60, 2), ("enterprise", 2, 3)])
def test_a_day_makes_the_same_as_a_full_run_row_for_row(synced, tmp_path, entity, widest, seed):
    # where blocks that three share are too wide already, some cross that line on many a day, in both directions
    matching = matchings()[entity].model_copy(update={"widest": widest})
    settings, chance = Settings(home=tmp_path), random.Random(seed)
    with records_of(synced, settings, matching) as connection:
        matched(connection, settings, matching, 0)
        for number in range(DAYS):
            live(connection, chance, matching)
            taken = take_over(connection, settings, matching)
            day, (weighed, every, why) = matched(connection, settings, matching, 0)
            assert taken == 2 or number == 0 or why
            full, _ = matched(connection, settings, matching, NEVER)
            assert day == full
            assert why == "变动太多" or 0 < weighed < every


def test_what_too_many_have_is_stopped_and_counts_again_as_in_a_full_run(synced, tmp_path):
    matching, settings = matchings()["resident"], Settings(home=tmp_path)
    with records_of(synced, settings, matching) as connection:
        bearers = picked(connection, random.Random(4), matching, 40)
        stopped = []
        # a whole village's telephone; then hardly anybody has it; then more have it again
        for phone, of in (("051312345678", bearers), (None, bearers[:36]), ("051312345678", bearers[:9])):
            connection.execute(f"update {matching.records} set phone = ? where record_id in ?", [phone, of])
            day, (_, _, why) = matched(connection, settings, matching, 0)
            stopped.append(connection.execute("select count(*) from stopped").fetchall()[0][0])
            full, _ = matched(connection, settings, matching, NEVER)
            assert day == full
            assert (why is None) == (len(stopped) > 1), "kept from the first evening on"
        assert stopped[0] - 1 == stopped[1] == stopped[2] - 1


def broken_off(path):
    with duckdb_of(path) as kept:
        kept.execute("delete from made")  # the first thing a run does with it, and the last is to write it anew


def duckdb_of(path):
    return connect(path, settings=Settings(home=path.parent))


@pytest.mark.parametrize(
    "mishap",
    [lambda path: path.write_bytes(b"no database" * 999), broken_off, lambda path: path.unlink()],
    ids=["spoilt", "broken off", "deleted"],
)
def test_what_cannot_be_used_any_more_is_forgotten(synced, tmp_path, mishap):
    matching, settings = matchings()["enterprise"], Settings(home=tmp_path)
    with records_of(synced, settings, matching) as connection:
        first, _ = matched(connection, settings, matching, 0)
        mishap(tmp_path / "cache" / "matching" / "enterprise.duckdb")
        again, (weighed, every, why) = matched(connection, settings, matching, 0)
        assert again == first
        assert weighed == every and why
        again, (weighed, every, why) = matched(connection, settings, matching, 0)
        assert again == first
        assert weighed == 0 < every and why is None


def test_another_model_weighs_everything_anew(synced, tmp_path):
    matching, settings = matchings()["enterprise"], Settings(home=tmp_path)
    with records_of(synced, settings, matching) as connection:
        matched(connection, settings, matching, 0)
        connection.execute(f"delete from {matching.records} where md5_number_lower(record_id) % 3 = 0")
        training.retrained(connection, settings, matching, "试", "a")
        _, (weighed, every, why) = matched(connection, settings, matching, 0)
        assert weighed == every > 0 and why


def test_another_secret_matches_everything_anew(synced, tmp_path):
    matching, settings = matchings()["enterprise"], Settings(home=tmp_path)
    with records_of(synced, settings, matching) as connection:
        matched(connection, settings, matching, 0)
        (tmp_path / "secret.key").write_text("5" * 64)
        _, (weighed, every, why) = matched(connection, Settings(home=tmp_path), matching, 0)
        assert weighed == every > 0 and why
