"""市场主体: shops, companies and cooperatives of the township, each with a resident behind it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.random import Generator

from jiceng_pipeline.simulation import dwellings, identifiers, text
from jiceng_pipeline.simulation.chance import Bools, Days, Floats, Ints, choose, happens, permuted, seed_of, stream
from jiceng_pipeline.simulation.dwellings import Dwellings
from jiceng_pipeline.simulation.plan import Shard
from jiceng_pipeline.simulation.reference import Reference
from jiceng_pipeline.simulation.text import Text

COMPANY, INDIVIDUAL, COOPERATIVE = 1, 2, 3  # the second digit of the credit code
COMPANY_FORMS = ("有限公司", "有限责任公司", "股份有限公司")
STATUS = {"1": 0.82, "2": 0.03, "4": 0.12, "6": 0.02, "9": 0.01}
UNIFIED_CODE = np.datetime64("2015-10-01")  # before it, an organisation code and a registration number
DISTRICT_MERGED = np.datetime64("2020-07-01")  # 崇川区 and 港闸区 became the new 崇川区
SHOP_CAPITAL, COMPANY_CAPITAL = (0.5, 1, 2, 3, 5, 10, 20), (10, 30, 50, 100, 200, 500, 1000, 2000)  # 万元
LUCKY = (
    "鑫诚达源盛隆兴华瑞丰泰恒宏博海天顺佳美康润祥荣发富通宇安吉利和金银龙凤禾"
    "沐初悦尚品优嘉德信义仁万众联创新锦绣江城南濠崇狼紫琅星辰晨曦旺福禄喜乐林森"
)


@dataclass(frozen=True)
class Enterprises:
    """One row an enterprise; `person` is the row of the resident who answers for it."""

    credit_code: Text
    registration_number: Text
    name: Text
    category: Ints
    trade: Ints
    status: Text
    person: Ints
    phone: Text
    community: Ints
    road: Text
    door: Ints
    shop: Ints  # 0: the whole house
    capital_wan: Floats
    established: Days
    district: str  # 崇川区

    def __len__(self) -> int:
        """Return how many enterprises there are."""
        return len(self.category)

    def addresses(self, head: Ints, shop_word: Bools) -> Text:
        """Write the places of business in a habit: which head, 室 or not."""
        number = text.join(text.number(self.shop), text.where(shop_word, "室", ""))
        return text.join(
            text.pick(dwellings.heads(self.district), head),
            self.road,
            text.number(self.door),
            "号",
            text.where(self.shop > 0, number, ""),
        )


def found(
    reference: Reference,
    homes: Dwellings,
    community: Ints,
    adults: Ints,
    surname: Text,
    phone: Text,
    as_of: np.datetime64,
    shard: Shard,
    seed: int,
) -> Enterprises:
    """Found one enterprise for each row of `community`; `adults` are the people who may own one.

    `surname` and `phone` are of all people, by row.
    """
    own = seed_of(seed, shard.township)
    rng, count = stream(own, "enterprises"), len(community)
    serial = shard.first_enterprise + np.arange(count)
    trade = choose(rng, reference.trades["weight"].to_numpy(), count)
    category = _categories(reference, trade, rng)
    person = rng.choice(adults, count, replace=len(adults) < count)
    road, door = dwellings.enterprise_sites(homes, community, rng)
    established = as_of - np.minimum(rng.exponential(6 * 365, count).astype(np.int64) + 20, 30 * 365)
    area = np.where(happens(rng, count, 0.3), 320600, _area(shard, established))
    small, large = rng.choice(SHOP_CAPITAL, count), rng.choice(COMPANY_CAPITAL, count)
    own_line = happens(rng, count, 0.7)
    lines = text.join("0513-8", text.digits(permuted(serial, 10_000_000, seed, "lines of firms"), 7))
    old_number = area * 100_000_000 + permuted(serial, 100_000_000, seed, "registration numbers")
    return Enterprises(
        credit_code=identifiers.credit_codes(category, area, established < UNIFIED_CODE, serial, seed),
        registration_number=text.join(
            text.digits(old_number, 14), text.number(identifiers.closing_digit(old_number, 14))
        ),
        name=_names(reference, trade, category, surname.take(person), shard, stream(own, "enterprise names")),
        category=category,
        trade=trade,
        status=text.pick(list(STATUS), choose(rng, list(STATUS.values()), count)),
        person=person,
        phone=text.where(own_line, phone.take(person), lines),
        community=community,
        road=road,
        door=door,
        shop=np.where(happens(rng, count, 0.55), rng.integers(1, 20, count) * 100 + rng.integers(1, 12, count), 0),
        capital_wan=np.where(category == INDIVIDUAL, small, large),
        established=established,
        district=shard.district_name,
    )


def _area(shard: Shard, established: Days) -> Ints:
    """Return the area of the office that registered: 崇川区 had another code before it was merged."""
    old = {"320613": 320602, "320614": 320684}.get(shard.district, int(shard.district))
    return np.where(established < DISTRICT_MERGED, old, int(shard.district))


def _categories(reference: Reference, trade: Ints, rng: Generator) -> Ints:
    form = reference.trades["form"].to_numpy()[trade]
    either = np.where(happens(rng, len(trade), 0.3), COMPANY, INDIVIDUAL)
    return np.select(
        [form == "company", form == "individual", form == "cooperative"],
        [COMPANY, INDIVIDUAL, COOPERATIVE],
        either,
    )


def _names(reference: Reference, trade: Ints, category: Ints, owner: Text, shard: Shard, rng: Generator) -> Text:
    """Compose 行政区划 + 字号 + 行业 + 组织形式; many shops are called after their owner."""
    count, place = len(trade), shard.district_name
    first, second = rng.integers(0, len(LUCKY), (2, count))
    brand = text.join(text.pick(list(LUCKY), first), text.pick(list(LUCKY), second))
    with_owner = text.join(owner, text.pick(("记", "家", "氏"), rng.integers(0, 3, count)))
    brand = text.where((category == INDIVIDUAL) & happens(rng, count, 0.25), with_owner, brand)
    company = text.join(
        text.pick(("南通", "南通市", "江苏", f"南通{place[:-1]}"), choose(rng, [0.7, 0.15, 0.1, 0.05], count)),
        brand,
        text.pick(reference.trades["trade"], trade),
        text.pick(COMPANY_FORMS, choose(rng, [0.88, 0.1, 0.02], count)),
    )
    shop = text.join(
        text.pick((place, f"南通市{place}", "南通市", ""), choose(rng, [0.55, 0.2, 0.1, 0.15], count)),
        brand,
        _shops(reference, trade, rng),
    )
    return text.where(category == COMPANY, company, shop)


def _shops(reference: Reference, trade: Ints, rng: Generator) -> Text:
    """Pick one of the words a trade has for a shop."""
    words: Any = pc.split_pattern(reference.trades["shops"].combine_chunks(), "|")
    offsets, flat = words.offsets.to_numpy(), words.flatten()
    size = np.diff(offsets)[trade]
    return text.pick(flat, offsets[trade] + (rng.random(len(trade)) * size).astype(np.int64))
