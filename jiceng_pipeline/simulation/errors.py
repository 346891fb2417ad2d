"""Errors as people make them, each a named rate; `Rates().of(system)` is what one office's staff do."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType

from jiceng_pipeline.core.errors import UsageError

# How carefully an office writes, as a factor on every slip of its staff.
CARE: Mapping[str, float] = MappingProxyType({"public_security/household_register": 0.25})

# How often an office holds no number at all when things are bad; `number_missing` says how bad they are.
NO_NUMBER: Mapping[str, float] = MappingProxyType(
    {
        "public_security/household_register": 0.03,
        "public_security/floating_population": 0.15,
        "civil_affairs/subsistence_allowance": 0.08,
        "civil_affairs/elderly_allowance": 0.12,
        "health/resident_health_record": 0.46,
        "social_security/pension_insurance": 0.4,
        "medical_insurance/insured_person": 0.36,
        "market_supervision/enterprise_register": 0.12,
        "market_supervision/food_licence": 0.24,
        "market_supervision/special_equipment": 0.3,
        "disabled_federation/disability_certificate": 0.05,
        "education/student_roster": 0.2,
        "housing/property_register": 0.1,
        "veterans_affairs/veteran": 0.1,
    }
)

# What an office's form does not let through: fields of eighteen characters, a character set without private places.
PREVENTED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "social_security/pension_insurance": ("number_full_width", "number_spaced"),
        "disabled_federation/disability_certificate": ("number_full_width", "number_spaced", "name_private_code"),
    }
)

# Where numbers pass through a spreadsheet, which keeps fifteen digits of them.
SPREADSHEETS = frozenset(
    {
        "civil_affairs/subsistence_allowance",
        "civil_affairs/elderly_allowance",
        "market_supervision/special_equipment",
        "education/student_roster",
        "housing/property_register",
    }
)


def _slip(rate: float) -> float:
    """Declare a rate that an office's care lowers."""
    value: float = field(default=rate, metadata={"slip": True})
    return value


@dataclass(frozen=True)
class Rates:
    """How often each thing happens, of the records it can happen to."""

    # the number that names a person or an enterprise
    number_missing: float = 0.42  # of NO_NUMBER
    number_mistyped: float = _slip(0.008)  # one digit wrong: the check character no longer fits
    number_transposed: float = _slip(0.004)  # two neighbouring digits swapped
    number_of_relative: float = _slip(0.003)  # of those who have relatives in the household
    number_letter_o: float = _slip(0.004)  # the letter O typed for a zero
    number_fifteen_digits: float = _slip(0.012)  # of those born before 1985, as the number was until 1999
    number_destroyed: float = _slip(0.012)  # 3.2060219E+17, of those all digits, where a spreadsheet was used
    number_full_width: float = _slip(0.003)  # ３２０６０２…
    number_spaced: float = _slip(0.004)  # 320602 19700101 0014
    number_small_x: float = 0.3  # of those that end in X
    # names
    name_homophone: float = _slip(0.009)
    name_lookalike: float = _slip(0.003)
    name_dropped: float = _slip(0.005)  # the second given-name character left out
    name_traditional: float = _slip(0.006)  # of the names that look different so
    name_simplified: float = 0.5  # of the names that are traditional in the document
    name_other_family: float = _slip(0.012)  # of the children: the family name of the other parent
    name_question_mark: float = _slip(0.35)  # of the names with a character outside GB 2312
    name_pinyin: float = _slip(0.15)  # of the others of those
    name_private_code: float = _slip(0.2)  # and of what is left
    name_dot: float = _slip(0.5)  # of the names with a dot: another sign for it
    enterprise_name_variant: float = _slip(0.06)  # without its place, or with half a form of organisation
    # dates, telephones, addresses
    birth_date_default: float = _slip(0.006)  # 1 January of the year
    birth_date_1900: float = _slip(0.004)  # 1900-01-01, what the form fills in
    birth_date_lunar: float = _slip(0.012)  # by the moon, of those born before 1980
    birth_date_swapped: float = _slip(0.006)  # day and month, of those it can happen to
    phone_missing: float = 0.06
    phone_old: float = 0.07
    phone_of_child: float = 0.04  # of those over 60 who live with a grown-up child
    phone_of_clerk: float = 0.015  # of those over 60: the community's own clerk
    address_missing: float = 0.03
    address_stale: float = _slip(0.05)  # where they lived before
    address_bare: float = 0.35  # without 江苏省南通市崇川区, or without some of it
    address_other_block_word: float = 0.3  # 号楼 or 栋 for 幢
    address_without_room_word: float = 0.25
    address_old_name: float = 0.06  # of those with an old name of the road, or an everyday one of the estate
    community_missing: float = 0.03
    # records
    dead_still_listed: float = 0.3
    registered_twice: float = 0.005
    cell_missing: float = 0.02
    cell_rubbish: float = 0.0006  # unknown codes, impossible dates, letters in amounts; at least two a system

    def __post_init__(self) -> None:
        """Refuse what is no rate."""
        for each in fields(self):
            if not 0 <= getattr(self, each.name) <= 1:
                raise UsageError(f"{each.name} 不是 0 到 1 之间的比例", where="errors.Rates", cure="改成 0 到 1")

    def of(self, system: str) -> "Rates":
        """Return the rates of one system's office."""
        care = CARE.get(system, 1.0)
        slips = {each.name: getattr(self, each.name) * care for each in fields(self) if "slip" in each.metadata}
        if system not in SPREADSHEETS:
            slips["number_destroyed"] = 0.0
        slips |= dict.fromkeys(PREVENTED.get(system, ()), 0.0)
        missing = self.number_missing * NO_NUMBER.get(system, 0.05)
        return replace(self, **slips, number_missing=missing)

    @classmethod
    def none(cls) -> "Rates":
        """Return an office without errors."""
        return cls(**{each.name: 0.0 for each in fields(cls)})


PROFILES: Mapping[str, Rates] = MappingProxyType(
    {
        "default": Rates(),
        "harsh": Rates(
            number_missing=1.0,
            number_mistyped=0.02,
            number_transposed=0.012,
            number_of_relative=0.006,
            number_destroyed=0.05,
            name_homophone=0.025,
            name_lookalike=0.01,
            name_dropped=0.015,
            name_traditional=0.02,
            name_other_family=0.03,
            birth_date_default=0.02,
            birth_date_1900=0.012,
            birth_date_lunar=0.04,
            birth_date_swapped=0.015,
            phone_missing=0.15,
            phone_old=0.15,
            phone_of_child=0.1,
            phone_of_clerk=0.05,
            address_missing=0.1,
            address_stale=0.12,
            address_old_name=0.15,
            registered_twice=0.012,
        ),
    }
)


def profile(name: str) -> Rates:
    """Return the rates of a profile; raise UsageError where there is none of that name."""
    if name not in PROFILES:
        raise UsageError(f"没有 {name} 这种难度", where="--profile", cure=f"改用 {'、'.join(PROFILES)}")
    return PROFILES[name]
