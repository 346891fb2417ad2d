"""How hard the city is: exact numbers alone find most pairs, not enough; what else agrees finds nearly all."""

import re
from collections import Counter, defaultdict

import pytest

from jiceng_pipeline.simulation.errors import profile
from jiceng_pipeline.simulation.store import stores

COLUMNS = {  # number, name, birth date, telephone, address, household
    "public_security/household_register": ("gmsfhm", "xm", "csrq", "lxdh", "hkdz", "hh"),
    "health/resident_health_record": ("idCard", "name", "birthday", "mobile", "presentAddress", "familyNo"),
    "social_security/pension_insurance": ("证件号码", "姓名", "出生日期", "手机", "居住地址", None),
    "civil_affairs/subsistence_allowance": ("身份证号", "姓名", None, "联系电话", "家庭住址", "低保证号"),
    "civil_affairs/elderly_allowance": ("身份证号码", "姓名", "出生年月日", "联系电话", "居住地址", None),
    "education/student_roster": (
        "学生/身份证件号",
        "学生/姓名",
        "学生/出生日期",
        "监护人/联系电话",
        "家庭/现住址",
        None,
    ),
    "housing/property_register": ("证件号码", "权利人", None, "联系电话", "坐落", None),
    "medical_insurance/insured_person": ("AAC002", "AAC003", "AAC006", "AAE005", "AAE006", None),
    "public_security/floating_population": ("ZJHM", "XM", "CSRQ", "LXDH", "XZZ", None),
    "veterans_affairs/veteran": ("gmsfhm", "xm", "csrq", "lxdh", "xzz", None),
}
HEADS = re.compile("^(江苏省)?(南通市)?(崇川区)?(虹桥街道|任港街道|新城桥街道)?")
WEIGHTS, CHECKS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], "10X98765432"


def usable(number):
    """Return a number in its one form, or None: written anew here, so that nothing is taken on trust."""
    if not number:
        return None
    plain = "".join(chr(ord(each) - 0xFEE0) if "！" <= each <= "～" else each for each in number)
    plain = plain.replace(" ", "").upper()
    if re.fullmatch(r"[A-Z]{1,3}\d{6,12}|\d{8}", plain):
        return plain  # of a permit or a passport
    if len(plain) == 15:
        plain = plain[:6] + "19" + plain[6:]
        plain += CHECKS[sum(int(each) * weight for each, weight in zip(plain, WEIGHTS, strict=True)) % 11]
    if not re.fullmatch(r"\d{17}[\dX]", plain):
        return None
    check = sum(int(each) * weight for each, weight in zip(plain[:17], WEIGHTS, strict=True)) % 11
    return plain if plain[17] == CHECKS[check] else None


def agreeing(system, phone, address, household):
    """Return what may agree beside name and birth date, in comparable form."""
    plain = HEADS.sub("", address or "").replace("号楼", "幢").replace("栋", "幢").rstrip("室")
    found = {("phone", phone), ("address", plain), (system, household)}
    return {each for each in found if each[1]}


@pytest.fixture(scope="module")
def records(written):
    """Return every record there is by default."""
    return said(written)


def said(written):
    """Return every record: number, name, birth date, what else may agree, true person."""
    found = []
    for system, columns in COLUMNS.items():
        held = written[system]
        values = [held.table[each].to_pylist() if each else [None] * held.table.num_rows for each in columns]
        for number, name, birth, phone, address, household, person in zip(
            *values, held.entity_id.to_pylist(), strict=True
        ):
            number = usable(number)
            birth = re.sub("[-/.]", "", birth or (number or "")[6:14])
            found.append((number, name, birth, agreeing(system, phone, address, household), person))
    return found


def scores(records, entity):
    """Return precision and recall in record pairs."""
    people = [record[-1] for record in records]
    pairs = lambda groups: sum(count * (count - 1) // 2 for count in groups.values())  # noqa: E731
    right = pairs(Counter(zip(entity, people, strict=True)))
    return right / pairs(Counter(entity)), right / pairs(Counter(people))


def by_number(records):
    """Group records by number, leaving out those whose name and birth date both contradict it."""
    names = defaultdict(Counter)
    for number, name, *_ in records:
        names[number][name] += 1
    entity = []
    for row, (number, name, birth, *_) in enumerate(records):
        usual = max(names[number].items(), key=lambda each: (each[1], each[0]))[0]
        borrowed = number and name != usual and (birth != number[6:14] or name[0] != usual[0])
        entity.append(number if number and not borrowed else row)
    return entity


def with_residual(records, entity):
    """Add to a group a record with its name, birth date and one thing more, if only one group has them."""
    groups = defaultdict(set)
    for record, one in zip(records, entity, strict=True):
        if isinstance(one, str):
            for each in record[3]:
                groups[record[1:3], each].add(one)
    found = list(entity)
    for row, record in enumerate(records):
        if not isinstance(entity[row], str):
            near = set().union(*(groups.get((record[1:3], each), set()) for each in record[3]))
            if len(near) == 1:
                (found[row],) = near
    return found


def without_number(records):
    """Return the share of records without a usable number."""
    return sum(record[0] is None for record in records) / len(records)


def alone(records):
    """Return precision, recall and F1 of grouping by identical numbers alone."""
    precision, recall = scores(records, [record[0] or row for row, record in enumerate(records)])
    return precision, recall, 2 * precision * recall / (precision + recall)


def test_a_share_of_the_records_has_no_usable_number(records):
    assert 0.10 <= without_number(records) < 0.14


def test_exact_numbers_alone_are_not_enough(records):
    precision, recall, f1 = alone(records)
    assert precision < 0.999, "borrowed numbers must hurt whoever trusts them"
    assert 0.7 < recall <= 0.85
    assert f1 <= 0.92


def test_the_harsh_profile_is_harder(street):
    records = said({system: stores()[system].records(street, profile("harsh")) for system in COLUMNS})
    assert without_number(records) >= 0.25
    assert alone(records)[1] <= 0.70


def test_name_birth_date_and_one_thing_more_find_nearly_all(records):
    precision, recall = scores(records, with_residual(records, by_number(records)))
    assert precision > 0.999
    assert 0.95 < recall < 0.999
