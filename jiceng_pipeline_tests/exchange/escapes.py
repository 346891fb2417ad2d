"""What somebody could write in a light app to get at what it may not have; the benchmark counts them as well."""

SECRET = "320602194001011234"

ESCAPES = {
    # files
    "read a file": "select citizen_id as community_code from read_csv('{folder}/secret.csv')",
    "read a file by its name": "select citizen_id as community_code from '{folder}/secret.csv'",
    "read text": "select content as community_code from read_text('{folder}/secret.csv')",
    "read bytes": "select content as community_code from read_blob('{folder}/secret.csv')",
    "read Parquet": "select * from read_parquet('{folder}/*.parquet')",
    "read JSON": "select * from read_json_auto('{folder}/secret.csv')",
    "list files": "select file as community_code from glob('{folder}/*')",
    "sniff a file": "select prompt as community_code from sniff_csv('{folder}/secret.csv')",
    "read in a condition": "select community_code from governance.resident"
    " where exists (select 1 from read_csv('{folder}/secret.csv'))",
    "read in a CTE": "with a as (from read_csv('{folder}/secret.csv')) select citizen_id as community_code from a",
    "read the process": "select content as community_code from read_text('/proc/self/environ')",
    # network
    "fetch a page": "select * from read_csv('https://example.org/x.csv')",
    "fetch from a bucket": "select * from read_parquet('s3://bucket/x.parquet')",
    "scan PostgreSQL": "select * from postgres_scan('host=127.0.0.1', 'public', 't')",
    "scan SQLite": "select * from sqlite_scan('{folder}/ledger.sqlite', 'event')",
    # writes
    "copy out": "copy (select community_code from governance.resident) to '{folder}/out.csv'",
    "create a table": "create table governance.mine as select 1 as community_code",
    "insert": "insert into governance.household values ('x', 'y')",
    "update": "update governance.resident set name = 'x'",
    "delete": "delete from governance.resident",
    "drop": "drop table governance.resident",
    "two statements": "select community_code from governance.resident; drop table governance.resident",
    "a statement behind a remark": "select community_code from governance.resident /* x */ ; delete from ledger.event",
    "close the bracket": "select community_code from governance.resident) as app; drop table ledger.event; select (1",
    "write by returning": "with gone as (delete from ledger.event returning seq) select seq as n from gone",
    "export": "export database '{folder}/out'",
    "a sequence": "select nextval('s') as community_code",
    # settings, extensions, other databases
    "attach": "attach '{folder}/other.duckdb' as other",
    "set": "set enable_external_access = true",
    "pragma": "pragma database_list",
    "call": "call pragma_version()",
    "install": "install httpfs",
    "load": "load httpfs",
    "use the other database": "use build",
    "name the other database": "select citizen_id as community_code from build.governance.resident",
    "read settings": "select value as community_code from duckdb_settings()",
    "read a setting": "select current_setting('temp_directory') as community_code",
    "read secrets": "select name as community_code from duckdb_secrets()",
    "list tables": "select table_name as community_code from information_schema.tables",
    "list columns": "select column_name as community_code from duckdb_columns()",
    "read the catalogue": "select sql as community_code from sqlite_master",
    "environment": "select getenv('HOME') as community_code",
    "a variable": "select getvariable('x') as community_code",
    # what was not declared
    "an undeclared column": "select citizen_id as community_code from governance.resident",
    "every column": "select * from governance.resident",
    "every column of one": "select r.* from governance.resident as r",
    "columns by pattern": "select columns('.*') from governance.resident",
    "columns but one": "select * exclude (name) from governance.resident",
    "columns by lambda": "select columns(c -> c like '%id') from governance.resident",
    "a row as JSON": "select to_json(r) as community_code from governance.resident as r",
    "an undeclared table": "select seq as community_code from ledger.event",
    "a table without its schema": "select community_code from resident",
    "raw records": "select record_id as community_code from standard.resident_record",
    "losing values": "select entity_id as community_code from matching.resident_candidate",
    "columns by position": "select #4 as community_code from governance.resident",
    "text that is SQL": "select * from query('select citizen_id as community_code from build.governance.resident')",
    "a table by its name": "select * from query_table('build.governance.resident')",
    "pivot": "pivot governance.resident on name using count(*)",
    "summarize": "summarize governance.resident",
    "describe": "describe governance.resident",
    "show tables": "show all tables",
    "explain": "explain select community_code from governance.resident",
    "columns renamed behind the table": "select community_code, x as name from"
    " (select community_code, citizen_id from governance.resident) as r(community_code, x)",
    "columns renamed behind the CTE": "with r(community_code, name) as"
    " (select community_code, citizen_id from governance.resident) select community_code, name from r",
    # the clock, chance, endlessness
    "the clock": "select community_code, now() as t from governance.resident",
    "today": "select community_code, current_date as t from governance.resident",
    "who runs it": "select current_user as community_code",
    "chance": "select community_code, random() as x from governance.resident",
    "a sample": "select community_code from governance.resident using sample 1 rows",
    "an endless list": "select range as community_code from range(1000000000000)",
    "an endless recursion": "with recursive a as (select 1 as n union all select n + 1 from a)"
    " select n as community_code from a",
    "a parameter": "select ? as community_code",
    "a function of ours": "select citizen_id_sex_code(name) as community_code from governance.resident",
    "no select": "this is not SQL",
    "nothing": "",
}

_ONE = "select community_code, {} from governance.resident as r"
# a value under the name of something that is masked otherwise or not at all: column → select; all of it was declared
ALIASES = {
    "under a public name": ("community_name", _ONE.format("citizen_id as community_name")),
    "under an internal name": ("resident_count", _ONE.format("phone as resident_count")),
    "through a subquery": (
        "community_name",
        "select community_code, x as community_name from (select community_code, citizen_id as x"
        " from governance.resident) as r",
    ),
    "through two CTEs": (
        "community_name",
        "with a as (select community_code, phone as x from governance.resident),"
        " b as (select community_code, x as y from a) select community_code, y as community_name from b",
    ),
    "through a name that is harmless elsewhere": (
        "community_name",
        "with a as (select community_code, phone as community_name from governance.resident)"
        " select community_code, community_name from a",
    ),
    "in the second half of a union": (
        "community_name",
        "select community_code, community_name from governance.resident"
        " union all select community_code, citizen_id from governance.resident",
    ),
    "a piece of it": ("community_name", _ONE.format("substr(citizen_id, 7, 8) as community_name")),
    "in a text": ("community_name", _ONE.format("community_name || phone as community_name")),
    "told by a condition": (
        "community_name",
        _ONE.format("case when substr(citizen_id, 17, 1) = '1' then '男' else '女' end as community_name"),
    ),
    "told by a comparison": ("community_name", _ONE.format("cast(phone > '138' as varchar) as community_name")),
    "told by a rank": (
        "resident_count",
        _ONE.format("row_number() over (order by citizen_id) as resident_count"),
    ),
    "told by a sum": (
        "resident_count",
        "select r.community_code, sum(cast(r.phone as bigint)) as resident_count from governance.resident as r"
        " group by r.community_code, r.resident_id",
    ),
    "told by a subquery": (
        "community_name",
        "select r.community_code, (select max(o.phone) from governance.resident as o) as community_name"
        " from governance.resident as r",
    ),
    "the largest of them": (
        "community_name",
        "select community_code, max(phone) as community_name from governance.resident group by community_code",
    ),
    "a number under an address": ("dwelling_address", _ONE.format("phone as dwelling_address")),
    "a number under a name": ("name", _ONE.format("citizen_id as name")),
    "a name's middle under another name": (
        "head_name",
        _ONE.format("concat(substr(name, 2, 1), substr(name, 2, 1)) as head_name"),
    ),
    "a day as a text": ("community_name", _ONE.format("cast(birth_date as varchar) as community_name")),
    "a day as a day": ("next_inspection_date", _ONE.format("birth_date as next_inspection_date")),
    "a whole row": ("community_name", _ONE.format("r as community_name")),
    "a whole row of a table with a harmless name": (
        "community_name",
        "select community_name.community_code, community_name from governance.resident as community_name",
    ),
    "used again in the same select": ("community_name", _ONE.format("phone as x, x as community_name")),
    "told by a count over a window": (
        "resident_count",
        _ONE.format("count(*) over (order by phone) as resident_count"),
    ),
    "told by a count of one person": (
        "resident_count",
        "select community_code, resident_id, count(case when substr(phone, 3, 1) = '8' then 1 end) as resident_count"
        " from governance.resident group by community_code, resident_id",
    ),
    "told by a count and a sum": (
        "resident_count",
        "select community_code, resident_id, 10 + count(*) filter (where phone > '138') as resident_count"
        " from governance.resident group by community_code, resident_id",
    ),
    "told by what is counted": (
        "resident_count",
        "select r.community_code, r.resident_id, coalesce(count(*), 0) as resident_count from governance.resident as r"
        " join governance.resident as o on o.phone < r.phone group by r.community_code, r.resident_id",
    ),
    "told by a count beside each row": (
        "resident_count",
        "select r.community_code, below.n as resident_count from governance.resident as r cross join lateral"
        " (select count(*) as n from governance.resident as o where o.phone < r.phone) as below",
    ),
    "told by a count beside each row, by community": (
        "resident_count",
        "select r.community_code, below.n as resident_count from governance.resident as r cross join lateral"
        " (select o.community_code, count(*) as n from governance.resident as o where o.phone < r.phone"
        " group by o.community_code) as below",
    ),
    "told by a count under a place's name": (
        "resident_count",
        "with a as (select community_code, left(citizen_id, 17) as community_name, phone from governance.resident)"
        " select any_value(community_code) as community_code, count(case when phone > '138' then 1 end)"
        " as resident_count from a group by community_name",
    ),
    "told by whether an outer join found a row": (
        "resident_count",
        "with flagged as (select resident_id, 1 as n from governance.resident where phone > '138')"
        " select r.community_code, coalesce(f.n, 0) as resident_count from governance.resident as r"
        " left join flagged as f on f.resident_id = r.resident_id",
    ),
    "told by what an outer join is on": (
        "community_name",
        "select r.community_code, o.household_id as community_name from governance.resident as r"
        " left join governance.household as o on o.household_id = r.household_id and r.phone > '138'",
    ),
    "told by an outer join and no value of its own": (
        "resident_count",
        "select r.community_code, case when f.resident_id is null then 0 else 1 end as resident_count"
        " from (select o.resident_id from governance.resident as o where o.phone > '138') as f"
        " right join governance.resident as r on f.resident_id = r.resident_id",
    ),
    "told by a subquery over what was picked": (
        "resident_count",
        "with flagged as (select resident_id from governance.resident where phone > '138')"
        " select r.community_code, case when r.resident_id in (select flagged.resident_id from flagged)"
        " then 1 else 0 end as resident_count from governance.resident as r",
    ),
    "told by the half of a union": (
        "community_name",
        "select community_code, 'yes' as community_name from governance.resident where phone > '138'"
        " union all select community_code, 'no' as community_name from governance.resident where phone <= '138'",
    ),
    "told by the half of a union, with columns": (
        "community_name",
        "select community_code, community_name from governance.resident where phone > '138'"
        " union all select community_code, resident_id from governance.resident where phone <= '138'",
    ),
    "told by the first of an order": (
        "resident_count",
        "with low as (select resident_id, 1 as n from governance.resident order by phone limit 10)"
        " select r.community_code, coalesce(low.n, 0) as resident_count from governance.resident as r"
        " left join low on low.resident_id = r.resident_id",
    ),
    "told by a sum of ones": (
        "resident_count",
        "select r.community_code, r.resident_id, sum(1) as resident_count from governance.resident as r"
        " join governance.resident as o on o.phone < r.phone group by r.community_code, r.resident_id",
    ),
}
