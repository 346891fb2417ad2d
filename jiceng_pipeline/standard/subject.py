"""The subject of a declared rule: a resident, and the household where the rule speaks of it."""

import re

_OF_HOUSEHOLD = re.compile(r"\bhousehold\.")


def resident(*rules: str) -> str:
    """Return SQL to read from: a row of governance.resident as `resident`, with what else the rules speak of.

    That is governance.household as `household`, which takes as long to join as most rules take to judge, and
    standard.business_day as `today`.
    """
    household = ""
    if any(_OF_HOUSEHOLD.search(rule) for rule in rules):
        household = "left join governance.household as household on household.household_id = resident.household_id"
    return f"governance.resident as resident {household} cross join standard.business_day as today"
