"""How a Chinese name is read, by tables: in pinyin, so that homophones compare equal in SQL, and simplified."""

import csv
from pathlib import Path

import duckdb

from jiceng_pipeline.core.settings import Settings

# pypinyin reads these as ordinary words; as surnames they are read otherwise
SURNAMES = {
    "曾": "zeng", "仇": "qiu", "查": "zha", "单": "shan", "解": "xie", "区": "ou", "朴": "piao", "任": "ren",
    "盖": "ge", "华": "hua", "覃": "qin", "冼": "xian", "洗": "xian", "乐": "yue", "员": "yun", "尉": "wei",
    "万": "wan", "种": "chong", "繁": "po", "折": "she", "黑": "he", "缪": "miao", "宓": "mi", "燕": "yan",
    "翟": "zhai", "召": "shao", "隗": "wei", "翁": "weng", "乜": "nie", "秘": "bi", "纪": "ji", "卜": "bu",
}  # fmt: skip


def create_name_reading(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create `standard.name_reading`, one row a distinct name: how it is read, and what is compared of it.

    Columns: name; reading, `wang fang`; written and signs, with `?` for what could not be written; spoken, in one word;
    name_key and surname_key, as a dialect says them; simplified, in those signs, null where it is written so. The first
    character is read as a surname. A sign without a reading (a letter, `?`) stands for itself; the dot in
    the names of many minorities, which some systems leave out, is not read.
    """
    every = "select distinct name from standard.resident_record where name is not null"
    connection.execute(f"create or replace table standard.name_reading as {reading(settings, every)} order by name")


def reading(settings: Settings, named: str) -> str:
    """Return the select of the columns of `standard.name_reading`; `named` is a select of distinct names."""
    source, variants = (Path(settings.reference, name) for name in ("pinyin.csv", "variants.csv"))
    return f"""with syllable as (
            select sign, reading, surname_reading from read_csv('{source}', header = true, delim = ',', columns = {{
                'sign': 'varchar', 'reading': 'varchar', 'surname_reading': 'varchar'}})
        ), variant as (
            select sign, simplified from read_csv('{variants}', header = true, delim = ',', columns = {{
                'sign': 'varchar', 'simplified': 'varchar'}})
        ), named as ({named}
        ), spelled as (
            select name, position, substr(name, cast(position as integer), 1) as sign
            from (select name, unnest(range(1, length(name) + 1)) as position from named)
        ), read as (
            select name,
                string_agg(coalesce(case when position = 1 then surname_reading else reading end, sign), ' '
                    order by position) filter (where sign <> '·') as reading,
                string_agg(coalesce(simplified, sign), '' order by position) as simplified
            from spelled left join syllable using (sign) left join variant using (sign)
            group by name
        )
        select name, reading, unread_name(name) as written, unread_signs(name) as signs,
            whole_reading(reading) as spoken, name_key(reading) as name_key, surname_key(reading) as surname_key,
            nullif(simplified, name) as simplified
        from read"""


def write_reference(path: Path) -> None:
    """Write `data/reference/pinyin.csv` from pypinyin: the commonest reading of every Chinese character."""
    from pypinyin import lazy_pinyin

    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("sign", "reading", "surname_reading"))
        for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000)):
            sign = chr(code)
            reading = lazy_pinyin(sign)[0].replace("ü", "v")
            if reading != sign:
                writer.writerow((sign, reading, SURNAMES.get(sign, reading)))
