"""What the portal's log says of an error: its kind and where it was, and no value."""

import logging
import sys

import pytest

from jiceng_pipeline.core.errors import StorageFailure


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("王 cannot be used in worksheets."), "ERROR django.request failed ValueError test_log.py:"),
        (StorageFailure("写不进去", where="portal/db.sqlite3", cure="腾出磁盘空间"), "db.sqlite3"),
    ],
)
def test_the_log_says_what_kind_of_error_it_was_and_where(site, error, told):
    from jiceng_pipeline.portal.failures import RedactedFormatter

    try:
        raise error
    except Exception:
        record = logging.LogRecord("django.request", logging.ERROR, "", 0, "failed", (), sys.exc_info())
    line = RedactedFormatter().format(record)
    assert told in line
    assert "王" not in line
