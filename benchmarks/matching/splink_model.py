"""The model that Splink is given for residents: prepared columns, comparisons, blocking rules, training.

Written for the benchmark by hand, as somebody would who knows Splink well, knows Chinese records and has
read the simulation's list of errors; tuned on the development seeds only. The names are compared by
character and by reading, never by DuckDB's byte distances, and nothing costs as much as Damerau-Levenshtein.
"""

from typing import Any

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals.comparison_creator import ComparisonCreator

EXACT_NUMBER_U = 1e-9  # random pairs that share a valid number are matches: an estimate would measure those
SEED = 1

_UNREAD = r"[?？□\x{e000}-\x{f8ff}]"  # what stands for a sign that a system could not write


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create table `prepared`, one row a record of `staging.resident_record`, with what Splink compares."""
    connection.execute(
        f"""create or replace table prepared as
        with said as (
            select r.*, row_number() over (order by r.record_id) as rid,
                coalesce(r.birth_date, r.number_birth_date) as born,
                coalesce(r.dwelling_key, r.property_key, r.registered_key) as address,
                coalesce(r.dwelling_door, r.property_door, r.registered_door) as door,
                regexp_replace(lower(n.reading), '{_UNREAD}', '?', 'g') as spoken
            from staging.resident_record as r left join standard.name_reading as n using (name)
        )
        select rid, record_id,
            coalesce(citizen_id, case when length(invalid_number) = 18 then invalid_number end) as number,
            citizen_id is not null as is_valid,
            written_name as name, spoken, replace(spoken, ' ', '') as reading,
            string_split(spoken, ' ')[1] as surname, array_to_string(string_split(spoken, ' ')[2:], ' ') as rest,
            name_key, surname_key,
            birth_date as stated, born, strftime(born, '%Y%m%d') as born_digits, year(born) as born_year,
            case when sex_code in ('1', '2') then sex_code end as sex,
            coalesce(phone, guardian_phone) as phone,
            case when phone is not null then guardian_phone end as other_phone,
            address, door, system || '|' || family_number as family, community_code as community
        from said order by rid"""
    )


def comparisons() -> list[ComparisonCreator | dict[str, Any]]:
    """Return what is compared."""
    return [_number(), _name(), _born(), _sex(), _household()]


def _level(sql: str, label: str, **options: Any) -> dict[str, Any]:
    return {"sql_condition": sql, "label_for_charts": label, **options}


def _missing(sql: str) -> dict[str, Any]:
    return _level(sql, "missing", is_null_level=True)


def _else() -> dict[str, Any]:
    return _level("else", "other")


def _fixed(u: float) -> dict[str, Any]:
    return {"u_probability": u, "fix_u_probability": True}


def _number() -> ComparisonCreator:
    """Return the number: shared under another name and birth date it is borrowed; two valid ones are no slip."""
    other_name = (
        "name_key_l <> name_key_r and substr(name_l, 2, 1) <> substr(name_r, 2, 1)"
        " and right(name_l, 1) <> right(name_r, 1)"
    )
    borrowed = f"({other_name} and not coalesce(stated_l = stated_r, false))"
    return cl.CustomComparison(
        output_column_name="number",
        comparison_levels=[
            _missing("number_l is null or number_r is null"),
            _level(f"number_l = number_r and not coalesce({borrowed}, false)", "same", **_fixed(EXACT_NUMBER_U)),
            # a child entered under a parent's number: it says no more than that they know each other
            _level("number_l = number_r", "same, borrowed", m_probability=1e-3, fix_m_probability=True, **_fixed(1e-3)),
            # that one of two valid numbers is borrowed and the name wrong as well is rare; twins are not
            _level(
                "is_valid_l and is_valid_r and reading_l <> reading_r",
                "both valid, other name",
                m_probability=2e-4,
                fix_m_probability=True,
            ),
            _level("is_valid_l and is_valid_r", "both valid", **_fixed(0.98)),
            _level("hamming(number_l, number_r) = 1", "a sign wrong", **_fixed(1e-7)),
            _level(
                "hamming(number_l, number_r) = 2 and "
                "list_sort(string_split(number_l, '')) = list_sort(string_split(number_r, ''))",
                "two signs changed places",
                **_fixed(1e-7),
            ),
            _level("hamming(number_l, number_r) = 2", "two signs wrong", **_fixed(1e-6)),
            _else(),
        ],
    )


def _name() -> ComparisonCreator:
    # by reading, so that a sign typed in pinyin or in its traditional form does not hide what else is missing
    unread = "(contains(spoken_{0}, '?') and spoken_{1} like replace(spoken_{0}, '?', '%'))"
    left_out = "(starts_with(spoken_{0}, spoken_{1} || ' ') or spoken_{0} like surname_{1} || ' % ' || rest_{1})"
    wrong = " + ".join(
        f"cast(substr(name_l, {place}, 1) <> substr(name_r, {place}, 1) as integer)" for place in (2, 3, 4)
    )
    own = {"disable_tf_exact_match_detection": True}
    return cl.CustomComparison(
        output_column_name="name",
        comparison_levels=[
            _missing("name_l is null or name_r is null"),
            _level("name_l = name_r", "same", tf_adjustment_column="name"),
            _level("reading_l = reading_r", "sounds alike", tf_adjustment_column="reading", **own),
            _level("name_key_l = name_key_r", "other order, or dialect", tf_adjustment_column="name_key", **own),
            _level(f"{unread.format('l', 'r')} or {unread.format('r', 'l')}", "a sign unread"),
            _level(f"{left_out.format('l', 'r')} or {left_out.format('r', 'l')}", "a sign left out"),
            _level(
                f"length(name_l) = length(name_r) and length(name_l) > 2 and surname_l = surname_r and {wrong} = 1",
                "a sign other",
            ),
            _level("surname_l = surname_r and length(name_l) = 2 and length(name_r) = 2", "surname, of two signs"),
            _level("surname_l = surname_r", "surname only"),
            _else(),
        ],
    )


def _born() -> ComparisonCreator:
    first = "(month(born_{0}) = 1 and day(born_{0}) = 1)"
    return cl.CustomComparison(
        output_column_name="born",
        comparison_levels=[
            _missing("born_l is null or born_r is null"),
            _level("born_l = born_r", "same"),
            _level(f"born_year_l = born_year_r and ({first.format('l')} or {first.format('r')})", "1 January"),
            _level(
                "born_year_l = born_year_r and month(born_l) = day(born_r) and day(born_l) = month(born_r)",
                "day for month",
            ),
            _level("abs(date_diff('day', born_l, born_r)) between 20 and 50", "by the moon"),
            _level("hamming(born_digits_l, born_digits_r) = 1", "a digit wrong"),
            _level("born_year_l = born_year_r", "same year"),
            _level("abs(born_year_l - born_year_r) <= 2", "near year"),
            _else(),
        ],
    )


def _sex() -> ComparisonCreator:
    return cl.CustomComparison(
        output_column_name="sex",
        comparison_levels=[
            _missing("sex_l is null or sex_r is null"),
            _level("sex_l = sex_r", "same"),
            _else(),
        ],
    )


def _household() -> ComparisonCreator:
    """Return telephone, door, family and community as one pattern: a father's are his child's too."""
    phone = "(phone_l = phone_r or other_phone_l = phone_r or phone_l = other_phone_r)"
    door = "(address_l = address_r or door_l = door_r)"
    return cl.CustomComparison(
        output_column_name="household",
        comparison_levels=[
            _missing(
                "(phone_l is null or phone_r is null) and (address_l is null or address_r is null)"
                " and (family_l is null or family_r is null)"
            ),
            _level("family_l = family_r", "same family"),
            _level(f"{phone} and {door}", "same telephone and door"),
            _level("phone_l = phone_r", "same telephone", tf_adjustment_column="phone"),
            _level(phone, "telephone of the guardian"),
            _level("address_l = address_r", "same address"),
            _level("door_l = door_r", "same door number"),
            _level("community_l = community_r", "same community"),
            _else(),
        ],
    )


def blocking() -> list[Any]:
    """Return the rules: two records that share none of these are not compared."""
    return [
        block_on("number"),
        block_on("name_key", "born"),
        block_on("name_key", "phone"),
        block_on("name_key", "address"),
        block_on("name_key", "door"),
        block_on("name_key", "born_year"),
        block_on("born", "phone"),
        block_on("born", "address"),
        block_on("surname_key", "born", "sex"),
        block_on("surname_key", "phone"),
        block_on("surname_key", "address"),
    ]


def linker(connection: duckdb.DuckDBPyConnection, rules: list[Any] | None = None, *, retain: bool = False) -> Linker:
    """Return a linker over table `prepared`, not trained."""
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="rid",
        comparisons=comparisons(),
        blocking_rules_to_generate_predictions=blocking() if rules is None else rules,
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=retain,
    )
    database = DuckDBAPI(connection)
    return Linker(database.register("prepared", dataset_display_name="prepared"), settings)


def train(model: Linker, pairs: float = 3e6) -> None:
    """Train by expectation maximisation, in three sessions that between them cover every comparison."""
    model.training.estimate_probability_two_random_records_match(
        [block_on("number"), block_on("name", "born")], recall=0.95
    )
    model.training.estimate_u_using_random_sampling(max_pairs=pairs, seed=SEED, min_count_per_level=None, num_chunks=1)
    # borrowed numbers are kept out of the first two: the same number, and born or called the same
    sessions = (
        "l.number = r.number and l.stated = r.stated",
        "l.number = r.number and l.name_key = r.name_key and l.stated is not null and r.stated is not null",
        block_on("surname", "phone"),
    )
    for rule in sessions:
        model.training.estimate_parameters_using_expectation_maximisation(rule, max_pairs=1e6)
