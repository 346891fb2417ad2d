"""How good an assignment of records to entities is: over pairs, over records (B-cubed), and in whole entities."""

import duckdb


def scores(connection: duckdb.DuckDBPyConnection, assigned: str) -> dict[str, float]:
    """Judge `assigned`, SQL of one row a record: predicted, true_id, is_residual (no usable number of its own).

    `precision`, `recall`, `f1` are over pairs of records (Christen, Data Matching, 2012, ch. 7), `residual_*`
    over those pairs of which at least one record is residual; `b3_*` are B-cubed (Bagga and Baldwin, 1998).
    `over_merged` counts predicted entities that hold records of several true ones, `split` true ones whose
    records lie in several predicted. A record without truth is a true entity by itself.
    """
    connection.execute(
        f"""create or replace temp table block as
        select predicted, truly, sum(n) as n, sum(residual) as residual from (
            select predicted, coalesce(true_id, 'none|' || row_number() over ()) as truly,
                1 as n, cast(is_residual as integer) as residual
            from ({assigned}))
        group by predicted, truly"""
    )
    pairs = "sum(n * (n - 1)) / 2", "sum(n * (n - 1) - (n - residual) * (n - residual - 1)) / 2"
    found: dict[str, float] = {}
    for name, sql in zip(("", "residual_"), pairs, strict=True):
        both, predicted, true = (
            float(connection.execute(f"select coalesce({sql}, 0) from {rows}").fetchall()[0][0])
            for rows in ("block", _whole("predicted"), _whole("truly"))
        )
        found |= _named(name, both / predicted if predicted else 1.0, both / true if true else 1.0)
    precision, recall = connection.execute(
        f"""select sum(b.n * b.n / p.n) / sum(b.n), sum(b.n * b.n / t.n) / sum(b.n)
        from block as b join {_whole("predicted")} as p using (predicted) join {_whole("truly")} as t using (truly)"""
    ).fetchall()[0]
    found |= _named("b3_", precision, recall)
    for name, key in (("over_merged", "predicted"), ("split", "truly")):
        found[name] = connection.execute(
            f"select count(*) from (select {key} from block group by {key} having count(*) > 1)"
        ).fetchall()[0][0]
    return found


def _whole(key: str) -> str:
    return f"(select {key}, sum(n) as n, sum(residual) as residual from block group by {key})"


def _named(prefix: str, precision: float, recall: float) -> dict[str, float]:
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {f"{prefix}precision": precision, f"{prefix}recall": recall, f"{prefix}f1": f1}
