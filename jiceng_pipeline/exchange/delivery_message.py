"""A batch on the wire: gzipped lines, the manifest first, then a row a line, signed with a key both sides know.

    POST …   Jiceng-Time: seconds since 1970     Jiceng-Signature: sha256=HMAC(key, time "." body)

The answer is JSON: what the receiver has now, {"number": 12, "hash": "…"}; 200 where the batch is taken over or was
before, 409 where one before it is missing. Any language can do this with its standard library.
"""

import gzip
import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from jiceng_pipeline.core import files
from jiceng_pipeline.core.errors import IntegrityError
from jiceng_pipeline.exchange import delivery_batch
from jiceng_pipeline.exchange.delivery_batch import Batch

TIME, SIGNATURE = "Jiceng-Time", "Jiceng-Signature"
MAX_BYTES = 256 << 20  # of one batch, unpacked
SKEW_SECONDS = 300


def packed(batch: Batch) -> bytes:
    """Return the body."""
    line = json.dumps(batch.manifest, ensure_ascii=False).encode() + b"\n"
    return gzip.compress(line + batch.rows.read_bytes(), compresslevel=3, mtime=0)


def headers(key: str, body: bytes, at: float) -> Mapping[str, str]:
    """Return the headers that prove who sent it and when."""
    time = str(int(at))
    return {TIME: time, SIGNATURE: f"sha256={_signature(key, time, body)}"}


def is_genuine(key: str, told: Mapping[str, str], body: bytes, now: float) -> bool:
    """Say whether it was signed with the key, not long ago."""
    time, given = told.get(TIME) or "", told.get(SIGNATURE) or ""
    if not time.isdigit() or abs(now - int(time)) > SKEW_SECONDS:
        return False
    return hmac.compare_digest(given.encode(), f"sha256={_signature(key, time, body)}".encode())


def unpacked(body: bytes, folder: Path) -> Batch:
    """Put the batch into a fresh folder; raise IntegrityError where it is not whole."""
    try:
        stream = gzip.GzipFile(fileobj=BytesIO(body))
        content = stream.read(MAX_BYTES + 1)
    except (OSError, EOFError):
        raise IntegrityError("收到的内容解不开", where="webhook", cure="请对方重送") from None
    if len(content) > MAX_BYTES:
        raise IntegrityError("收到的一批过大", where="webhook", cure="请对方分批")
    line, _, rows = content.partition(b"\n")
    try:
        manifest: Any = json.loads(line)
    except ValueError:
        raise IntegrityError("收到的清单读不出来", where="webhook", cure="请对方重送") from None
    told = delivery_batch.checked(manifest, "webhook")
    (folder / str(told["file"])).write_bytes(rows)
    files.write_json(folder / delivery_batch.MANIFEST, told)
    return delivery_batch.read(folder)


def _signature(key: str, time: str, body: bytes) -> str:
    return hmac.new(key.encode(), time.encode() + b"." + body, sha256).hexdigest()
