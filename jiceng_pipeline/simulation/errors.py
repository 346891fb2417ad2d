"""Errors as people make them, each a named rate; `Rates().of(system)` is what one office's staff do."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType

from jiceng_pipeline.core.errors import UsageError

# How carefully an office writes, as a factor on every slip of its staff.
CARE: Mapping[str, float] = MappingProxyType({"public_security/household_register": 0.25})

# How often an office holds no number at all.
NO_NUMBER: Mapping[str, float] = MappingProxyType(
    {
        "public_security/household_register": 0.008,
        "civil_affairs/subsistence_allowance": 0.02,
        "health/resident_health_record": 0.11,
        "social_security/pension_insurance": 0.09,
        "market_supervision/enterprise_register": 0.04,
        "market_supervision/food_licence": 0.08,
    }
)

# What an office's form does not let through: its fields hold eighteen characters of ASCII.
PREVENTED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"social_security/pension_insurance": ("number_full_width", "number_spaced")}
)


def _slip(rate: float) -> float:
    """Declare a rate that an office's care lowers."""
    value: float = field(default=rate, metadata={"slip": True})
    return value


@dataclass(frozen=True)
class Rates:
    """How often each thing happens, of the records it can happen to."""

    # the number that names a person or an enterprise
    number_missing: float = 1.0  # of NO_NUMBER
    number_mistyped: float = _slip(0.008)  # one digit wrong: the check character no longer fits
    number_transposed: float = _slip(0.004)  # two neighbouring digits swapped
    number_of_relative: float = _slip(0.003)  # of those who have relatives in the household
    number_fifteen_digits: float = _slip(0.012)  # of those born before 1985, as the number was until 1999
    number_full_width: float = _slip(0.003)  # ３２０６０２…
    number_spaced: float = _slip(0.004)  # 320602 19700101 0014
    number_small_x: float = 0.3  # of those that end in X
    # names
    name_homophone: float = _slip(0.009)
    name_lookalike: float = _slip(0.003)
    name_question_mark: float = _slip(0.35)  # of the names with a character outside GB 2312
    enterprise_name_variant: float = _slip(0.06)  # without its place, or with half a form of organisation
    # dates, telephones, addresses
    birth_date_default: float = _slip(0.006)  # 1 January of the year
    phone_missing: float = 0.06
    phone_old: float = 0.07
    address_missing: float = 0.03
    address_stale: float = _slip(0.05)  # where they lived before
    address_bare: float = 0.35  # without 江苏省南通市崇川区, or without some of it
    address_other_block_word: float = 0.3  # 号楼 or 栋 for 幢
    address_without_room_word: float = 0.25
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
        slips |= dict.fromkeys(PREVENTED.get(system, ()), 0.0)
        missing = self.number_missing * NO_NUMBER.get(system, 0.05)
        return replace(self, **slips, number_missing=missing)

    @classmethod
    def none(cls) -> "Rates":
        """Return an office without errors."""
        return cls(**{each.name: 0.0 for each in fields(cls)})
