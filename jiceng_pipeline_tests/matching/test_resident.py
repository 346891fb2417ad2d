"""Residents: whose records are one person, whose are not, and what stands in their cells."""

from datetime import date

import pytest

from jiceng_pipeline_tests.matching.conftest import HEALTH, LINKS, PENSION, REGISTER, citizen_id

WANG = citizen_id("32060219500101123")
LI = citizen_id("32060219780305246")
BORN = date(1950, 1, 1)


def entities(connection):
    """Return the records of each resident, as sets."""
    rows = connection.execute(
        "select list(record_id order by record_id) from matching.resident_link group by entity_id order by 1"
    ).fetchall()
    return [tuple(row[0]) for row in rows]


@pytest.mark.parametrize(
    ("typed", "born"),
    [
        ("王建国", None),
        ("王健国", None),  # a homophone
        ("王国建", None),  # transposed
        ("王?国", None),  # a sign the system could not write
        ("王建", BORN),  # a character dropped, the birth date agrees
        ("王建囯", BORN),  # a similar character
        ("王健", BORN),  # a character dropped, the other a homophone
        ("王?", BORN),
        ("李建国", BORN),  # the family name of the other parent
        ("欧阳建国", BORN),
        ("李建国", None),  # no two of a family have one given name
        ("王建国", date(1978, 9, 6)),  # his name, his number: somebody typed another's birth date
        ("王健国", date(1978, BORN.month, BORN.day)),  # a slip in the year
    ],
)
def test_one_number_and_a_compatible_name_is_one_person(reconcile, typed, born):
    rows = [
        {"system": REGISTER, "name": "王建国", "citizen_id": WANG, "birth_date": BORN},
        {"system": HEALTH, "name": typed, "citizen_id": WANG, "birth_date": born},
    ]
    with reconcile(rows, until=LINKS) as connection:
        assert entities(connection) == [("a000", "a001")]


@pytest.mark.parametrize(("full", "short"), [("阿卜杜拉·买买提", "阿卜杜拉买买提"), ("古丽·阿依", "古丽阿依")])
def test_a_name_without_its_dot_is_the_same(reconcile, full, short):
    """Under one number, and by birth date and telephone where there is none."""
    phone = "13912345678"
    rows = [
        {"system": REGISTER, "name": full, "citizen_id": WANG, "birth_date": BORN, "phone": phone},
        {"system": HEALTH, "name": short, "citizen_id": WANG},
        {"system": PENSION, "name": short, "birth_date": BORN, "phone": phone},
    ]
    with reconcile(rows, until=LINKS) as connection:
        assert entities(connection) == [("a000", "a001", "a002")]
        assert connection.execute("select count(*) from matching.resident_borrowed").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("full", "typed", "is_one"),
    [
        ("古丽巴哈尔·买买提江", "古丽巴哈尔·买买提卡", True),
        ("古丽巴哈尔·买买提江", "古丽巴哈尔买买提卡", True),  # without its dot as well
        ("古丽巴哈尔·买买提江", "古丽巴哈尔·买买提", True),
        ("古丽巴哈尔·买买提江", "古丽巴哈尔·买吾力德", False),
        ("古丽巴哈尔·买买提江", "古丽巴哈尔·买吾提", False),
    ],
)
def test_of_a_long_name_every_sign_counts(reconcile, full, typed, is_one):
    """Under one number, with its birth date: one sign other or missing is one person, more are two."""
    rows = [
        {"system": REGISTER, "name": full, "citizen_id": WANG, "birth_date": BORN},
        {"system": HEALTH, "name": typed, "citizen_id": WANG, "birth_date": BORN},
    ]
    with reconcile(rows, until=LINKS) as connection:
        assert (entities(connection) == [("a000", "a001")]) == is_one


@pytest.mark.parametrize(
    ("typed", "born"),
    [
        ("李小明", date(2015, 6, 1)),
        ("王小明", date(2015, 6, 1)),
        ("王建军", date(1953, 2, 2)),
        ("王建军", None),
        ("李建国", date(1978, 9, 6)),
        ("王健国", date(1978, 9, 6)),  # the son is called almost as his father
        ("王?国", date(1952, 11, 20)),  # the brother
        ("王爱民", BORN),  # the twin
        ("王芳", BORN),  # the daughter, of whom a system made the birth date out of the number
        ("王子涵雨", BORN),
    ],
)
def test_a_borrowed_number_never_merges_and_is_shown(reconcile, typed, born):
    rows = [
        {"system": REGISTER, "name": "王建国", "citizen_id": WANG, "birth_date": BORN},
        {"system": HEALTH, "name": typed, "citizen_id": WANG, "birth_date": born},
    ]
    with reconcile(rows, until=(*LINKS, "governance.resident")) as connection:
        assert entities(connection) == [("a000",), ("a001",)]
        assert connection.execute("select record_id, reason from matching.resident_review").fetchall() == [
            ("a001", "borrowed")
        ]
        numbers = connection.execute("select count(citizen_id) from governance.resident").fetchall()
        assert numbers == [(1,)], "the borrower must not carry the number"


def test_a_record_without_number_joins_by_name_birth_and_one_more(reconcile):
    rows = [
        {
            "system": REGISTER,
            "name": "王建国",
            "citizen_id": WANG,
            "birth_date": BORN,
            "registered_address": "学田路1号2幢301室",
        },
        {"system": HEALTH, "name": "王建国", "birth_date": BORN, "dwelling_address": "崇川区学田路1号2号楼301"},
        {"system": PENSION, "name": "王建国", "birth_date": BORN, "phone": "13912345678"},
    ]
    with reconcile(rows, until=LINKS) as connection:
        assert entities(connection) == [("a000", "a001"), ("a002",)]


def test_two_strangers_of_one_name_and_birth_date_stay_two(reconcile):
    other = citizen_id("32061119500101377")
    rows = [
        {"system": REGISTER, "name": "王建国", "citizen_id": WANG, "birth_date": BORN, "phone": "13912345678"},
        {"system": REGISTER, "name": "王建国", "citizen_id": other, "birth_date": BORN, "phone": "13912345678"},
        {"system": HEALTH, "name": "王建国", "birth_date": BORN, "phone": "13912345678"},
    ]
    with reconcile(rows, until=LINKS) as connection:
        assert entities(connection) == [("a000",), ("a001",), ("a002",)]
        asked = connection.execute("select record_id, reason from matching.resident_review order by all").fetchall()
        # the two themselves as well: one name behind one telephone under two numbers
        assert asked == [("a000", "possible"), ("a002", "ambiguous"), ("a002", "ambiguous")]


def test_records_without_numbers_cluster_among_themselves(reconcile):
    common = {"name": "陈秀英", "birth_date": date(1962, 4, 4)}
    rows = [
        {"system": HEALTH, **common, "phone": "13912345678"},
        {"system": PENSION, **common, "phone": "13912345678", "dwelling_address": "青年路8号1幢101室"},
        {"system": PENSION, **common, "dwelling_address": "青年路8号1幢101"},
    ]
    with reconcile(rows, until=LINKS) as connection:
        assert entities(connection) == [("a000", "a001", "a002")]


def test_every_record_has_exactly_one_link(reconcile):
    rows = [
        {
            "system": system,
            "name": "王建国",
            "citizen_id": WANG if number % 2 else None,
            "birth_date": BORN,
            "phone": phone,
        }
        for number, (system, phone) in enumerate(
            (system, phone) for system in (REGISTER, HEALTH, PENSION) for phone in (None, "13912345678", "13987654321")
        )
    ]
    with reconcile(rows, until=LINKS) as connection:
        assert connection.execute(
            "select count(*), count(distinct record_id) from matching.resident_link"
        ).fetchall() == [(9, 9)]


def test_the_founding_record_names_the_entity_even_when_it_is_gone(reconcile):
    gone = {"system": REGISTER, "record_id": "ff", "name": "王建国", "citizen_id": WANG, "birth_date": BORN,
            "first_landed": "20260101T000000.000000Z"}  # fmt: skip
    stays = {"system": HEALTH, "record_id": "aa", "name": "王建国", "citizen_id": WANG, "birth_date": BORN}

    def id_of(rows):
        with reconcile(rows, until=LINKS) as connection:
            return connection.execute("select distinct entity_id from matching.resident_link").fetchall()

    alone = id_of([gone])
    assert id_of([gone, stays]) == alone
    assert id_of([{**gone, "is_current": False}, stays]) == alone


def test_the_register_wins_and_the_others_are_kept(reconcile):
    rows = [
        {"system": REGISTER, "name": "王建国", "citizen_id": WANG, "birth_date": BORN, "sex_code": "1",
         "phone": "13911111112", "record_updated_date": date(2020, 1, 1), "community_code": "320613005001"},
        {"system": HEALTH, "name": "王健国", "citizen_id": WANG, "birth_date": BORN, "sex_code": "2",
         "phone": "13922222223", "record_updated_date": date(2026, 1, 1)},
    ]  # fmt: skip
    with reconcile(
        rows, until=("governance.resident", "governance.provenance_cell", "returned.to_verify")
    ) as connection:
        assert connection.execute("select name, sex_code, phone from governance.resident").fetchall() == [
            ("王建国", "1", "13922222223")
        ]
        cells = connection.execute(
            """select system, value, is_winner, rule from governance.provenance_cell
            where element_id = 'phone' order by system"""
        ).fetchall()
        assert cells == [(HEALTH, "13922222223", True, "last_change"), (REGISTER, "13911111112", False, "last_change")]
        doubts = connection.execute(
            "select element_id, present_value, other_values from returned.to_verify order by 1"
        ).fetchall()
        assert doubts == [
            ("name", "王建国", "王健国"),
            ("phone", "13922222223", "13911111112"),
            ("sex_code", "1", "2"),
        ]


def test_two_different_valid_numbers_are_never_one_person(reconcile):
    rows = [
        {"system": REGISTER, "name": "王建国", "citizen_id": WANG, "birth_date": BORN, "phone": "13912345678"},
        {"system": HEALTH, "name": "王建国", "citizen_id": LI, "birth_date": BORN, "phone": "13912345678"},
    ]
    with reconcile(rows, until=LINKS) as connection:
        assert entities(connection) == [("a000",), ("a001",)]
