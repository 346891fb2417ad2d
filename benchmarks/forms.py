"""How much of a form comes filled and right, whether each cell says whence, and what all forms of all communities take.

    python -m benchmarks.forms --home FOLDER [--scale district] [--fill-only]

FOLDER is a home with a simulated city that was synced once; its ledger gets the admissions and the audit. Files go
into a temporary folder beside it. Only this reads the simulated truth. Writes benchmarks/results/forms.json; what other
benchmarks put there stays.

A cell is right where it is what the truth says of that person or enterprise today: addresses where their numbers agree
(they are spelled in many ways), phones without their separators. `correct_share` is of all prefilled cells; those
shown as known and those shown to be verified are told apart beside it. Elements the truth does not have (money,
licences, certificates) are not counted.
"""

import argparse
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import result
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.forms import admission, burden, prefill, rows, whence
from jiceng_pipeline.forms.definition import Form, forms
from jiceng_pipeline.landing.identity import record_id_expression
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.returns import grants
from jiceng_pipeline.returns.masks import SHOWN
from jiceng_pipeline.standard.code_sets import code_sets
from jiceng_pipeline.standard.register import element
from jiceng_pipeline.warehouse import publish
from jiceng_pipeline.warehouse.connection import connect

_DOUBLED = 3
_TRUE_RESIDENT = {
    name: name
    for name in (
        "name", "sex_code", "birth_date", "citizen_id", "ethnic_group_code", "marital_status_code",
        "family_relation_code", "phone", "registered_address", "dwelling_address",
    )
}  # fmt: skip
_TRUE_ENTERPRISE = {
    "unified_social_credit_code": "credit_code",
    "enterprise_name": "name",
    "enterprise_status_code": "status_code",
    "phone": "phone",
    "business_address": "address",
    "established_date": "established_date",
}


def main() -> None:
    """Run and write the figures."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--home", type=Path, required=True)
    arguments.add_argument("--scale", default="district")
    arguments.add_argument("--fill-only", action="store_true", help="do not make the files")
    given = arguments.parse_args()
    settings = Settings(home=given.home.absolute())
    with open_ledger(settings) as ledger:
        grants.ensure_operator(ledger)
    for form in forms().values():
        admission.admit(settings, form, "operator")
    figures: dict[str, Any] = {
        "command": f"python -m benchmarks.forms --scale {given.scale}",
        "machine": result.machine(),
        "scale": given.scale,
        "forms": len(forms()),
        "departments": len({form.department for form in forms().values()}),
    }
    if not given.fill_only:
        figures |= made(settings)
    figures |= filled(settings)
    result.write("forms", {**result.known("forms"), **figures})


def made(settings: Settings) -> dict[str, Any]:
    """Make every form of every community, and say what that took."""
    with tempfile.TemporaryDirectory(dir=settings.home) as folder, _peak() as memory:
        begun, spent = time.perf_counter(), _cpu()
        files = prefill.make_all(settings, actor="operator", folder=Path(folder))
        seconds = time.perf_counter() - begun
        size = sum(each.path.stat().st_size for each in files)
    return {
        "communities": len({each.community for each in files}),
        "files": len(files),
        "rows": sum(each.rows for each in files),
        "megabytes": round(size / 1e6),
        "all_communities_seconds": round(seconds, 1),
        "all_communities_cpu_seconds": round(_cpu() - spent, 1),
        "peak_gb": round(memory["peak"] / 2**30, 2),
    }


def filled(settings: Settings) -> dict[str, Any]:
    """Return what is filled, what says whence, and what is right."""
    version = publish.current(settings)
    assert version is not None
    as_of = str(version.manifest["inputs"]["business_date"])
    counted = burden.by_community(settings)
    cells, prefilled = sum(each.cells for each in counted), sum(each.prefilled for each in counted)
    told = {"held": 0, "shown": 0, "sourced": 0, "known": 0, "known_right": 0, "verify": 0, "verify_right": 0}
    per_form = {}
    with connect(version.database, settings=settings, read_only=True) as connection:
        connection.execute("set enable_progress_bar = false")
        truths = {entity: _truth(connection, settings, entity) for entity in ("resident", "enterprise")}
        for form in forms().values():
            own = _of(connection, form, as_of, truths[form.rows.entity])
            own["held"] = _held(connection, form)
            told = {name: told[name] + own[name] for name in told}
            per_form[form.id] = {
                "rows": sum(each.rows for each in counted if each.form == form.id),
                "prefilled_share_all": _share(
                    sum(each.prefilled for each in counted if each.form == form.id),
                    sum(each.cells for each in counted if each.form == form.id),
                ),
                "correct_share": _both(own),
                "correct_share_known": _share(own["known_right"], own["known"]),
                "correct_share_to_verify": _share(own["verify_right"], own["verify"]),
            }
    return {
        "prefilled_share": _share(told["shown"], told["held"]),
        "prefilled_share_all": _share(prefilled, cells),
        "source_and_date_share": _share(told["sourced"], told["shown"]),
        "reask_rate": _share(sum(each.asked_again for each in counted), cells),
        "correct_share": _both(told),
        "correct_share_least_of_a_form": min(each["correct_share"] for each in per_form.values()),
        "correct_share_known": _share(told["known_right"], told["known"]),
        "correct_share_to_verify": _share(told["verify_right"], told["verify"]),
        "per_form": per_form,
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 1.0


def _both(told: Mapping[str, int]) -> float:
    """Return how much is right of all that is shown: what is taken as known, and what is shown to be verified."""
    return _share(told["known_right"] + told["verify_right"], told["known"] + told["verify"])


def _truth(connection: duckdb.DuckDBPyConnection, settings: Settings, entity: str) -> Mapping[str, Mapping[str, str]]:
    """Return entity_id → element → what is true of it, of those whose records are mostly of one true one."""
    folder: Path = settings.simulated / "truth"
    own = "person_id" if entity == "resident" else "enterprise_id"
    wanted = _TRUE_RESIDENT if entity == "resident" else _TRUE_ENTERPRISE
    listed = ", ".join(f"cast(t.{column} as varchar)" for column in wanted.values())
    result = connection.execute(
        f"""with said as (
            select {record_id_expression(settings.secret, "system", "source_key", "ordinal")} as record_id, {own}
            from read_parquet('{folder}/{entity}_record.parquet'), range(1, {_DOUBLED + 1}) as o(ordinal)
        ), home as (
            select l.entity_id, s.{own}
            from matching.{entity}_link as l join said as s using (record_id)
            where l.is_current group by l.entity_id, s.{own}
            qualify row_number() over (partition by l.entity_id order by count(*) desc, s.{own}) = 1
        )
        select home.entity_id, {listed} from home join read_parquet('{folder}/{entity}.parquet') as t using ({own})"""
    )
    found = {}
    while batch := result.fetchmany(20_000):
        for entity_id, *values in batch:
            found[entity_id] = {
                name: _words(name, value) for name, value in zip(wanted, values, strict=True) if value not in (None, "")
            }
    return found


def _words(name: str, value: str) -> str:
    known = element(name)
    if known.code_set:
        return code_sets()[known.code_set].get(value, value)
    return _plain(name, value)


def _agree(name: str, shown: str, true: str) -> bool:
    """Say whether a value is right; 配偶 is right of a 妻, 已婚 of a 再婚: the group (a code that ends in 0) of it."""
    known = element(name)
    if not known.code_set or shown == true:
        return _plain(name, shown) == true
    codes = {words: code for code, words in code_sets()[known.code_set].items()}
    group = codes[shown]
    return len(group) == 2 and group.endswith("0") and codes.get(true, "").startswith(group[0])


def _plain(name: str, value: str) -> str:
    """Return what is compared of a value."""
    if name.endswith("_address"):
        return " ".join(re.findall(r"\d+", value))
    return re.sub(r"[-\s]", "", value) if name == "phone" else value


def _of(
    connection: duckdb.DuckDBPyConnection, form: Form, as_of: str, truth: Mapping[str, Mapping[str, str]]
) -> dict[str, int]:
    shown = {each.element: SHOWN for each in form.columns}
    told = {"shown": 0, "sourced": 0, "known": 0, "known_right": 0, "verify": 0, "verify_right": 0}
    for _, lines in rows.by_community(connection, form, shown, as_of, "true"):
        for row in lines:
            said, true = whence.by_heading(row.sources), truth.get(row.entity_id, {})
            for column, cell, state in zip(form.columns, row.cells, row.states, strict=True):
                if cell is None:
                    continue
                told["shown"] += 1
                told["sourced"] += bool(re.search(r" \d{4}-\d{2}-\d{2}$", said.get(column.heading, "")))
                if column.element in true and column.element not in form.rows.derives:
                    kind = "known" if state == "k" else "verify"
                    told[kind] += 1
                    told[f"{kind}_right"] += _agree(column.element, str(cell), true[column.element])
    return told


def _held(connection: duckdb.DuckDBPyConnection, form: Form) -> int:
    """Return how many cells of the form some current record has a value for, or the select derives."""
    entity, key = form.rows.entity, form.rows.key
    present = {name for name, *_ in connection.execute(f"describe matching.{entity}_candidate").fetchall()}
    names = [each.element for each in form.columns if each.element in present]
    own = [each.element for each in form.columns if each.element in form.rows.derives]
    # the number says them too
    said = {name: f"{name} is not null" for name in names}
    said |= {
        name: f"{name} is not null or citizen_id is not null" for name in ("sex_code", "birth_date") if name in said
    }
    connection.execute(f"create or replace temp table listed as {form.rows.sql}")
    every = ", ".join(f"max({said[name]}) as {name}" for name in names if name not in own)
    told = " + ".join(
        [f"count(*) filter (where held.{name})" for name in names if name not in own]
        + [f"count(listed.{name})" for name in own]
    )
    found = connection.execute(
        f"""with held as (
            select entity_id, {every} from matching.{entity}_candidate
            where entity_id in (select {key} from listed) group by entity_id
        )
        select {told} from listed left join held on held.entity_id = listed.{key}
        where listed.community_code is not null"""
    ).fetchone()
    return int(found[0]) if found else 0


def _cpu() -> float:
    """Return the CPU seconds of the processes that have ended and of this one."""
    return sum(os.times()[:4])


@contextmanager
def _peak() -> Iterator[dict[str, int]]:
    """Yield a mapping whose `peak` becomes the most memory this process and its children had at once, in bytes."""
    told, done = {"peak": 0}, threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            told["peak"] = max(told["peak"], _resident(os.getpid()))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        done.set()
        thread.join()


def _resident(pid: int) -> int:
    total = 0
    try:
        total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                total += _resident(int(child))
    except OSError:
        pass  # it has just ended
    return total


if __name__ == "__main__":
    main()
