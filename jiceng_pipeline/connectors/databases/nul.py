"""NUL characters in text: some databases take them, no text has them, and whoever reads on stops at them."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jiceng_pipeline.connectors.base import Extract, Reject


def without(
    rows: pa.Array, values: Sequence[pa.Array], where: str, extract: Extract
) -> tuple[pa.Array, Sequence[pa.Array]]:
    """Return the rows whose text has none, `rows` being their numbers; the others become rejects."""
    suspect = [value for value in values if _may_have(value)]
    if not suspect:
        return rows, values
    found = np.logical_or.reduce([pc.match_substring(value, "\0").fill_null(False) for value in suspect])
    extract.rejects += [
        Reject(where, row, "含有空字符（NUL），不是文字") for row in rows.filter(pa.array(found)).to_pylist()
    ]
    return rows.filter(pa.array(~found)), [value.filter(pa.array(~found)) for value in values]


def _may_have(value: pa.Array) -> bool:
    """Return whether there is a zero anywhere in the text, which is told much sooner than in which row."""
    data = value.buffers()[-1]
    return data is not None and not np.frombuffer(data, np.uint8).all()
