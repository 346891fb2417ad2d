"""The interface for programs, `/api/v1`: datasets, rows, packages that can be resumed, one entity; all masked."""

import os
import re
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import path
from ninja import NinjaAPI, Schema
from ninja.security import HttpBearer

from jiceng_pipeline.core.errors import JicengError
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import dossier, packages, tokens
from jiceng_pipeline.portal.dossier import REGISTERS
from jiceng_pipeline.portal.failures import status_of
from jiceng_pipeline.portal.pages.downloads import TYPES
from jiceng_pipeline.portal.pages.entity import NAMES
from jiceng_pipeline.portal.pages.registers import found
from jiceng_pipeline.portal.reading import opened, settings
from jiceng_pipeline.portal.scopes import Scope
from jiceng_pipeline.returns import communities, datasets, package
from jiceng_pipeline.returns.access import authorise, failed, served
from jiceng_pipeline.returns.cut import Cut

MOST_ROWS = 1_000
_FARTHEST = 10**12  # there are no rows so far on, and larger numbers are none to the database
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


class Bearer(HttpBearer):
    """Let in who brings a token that holds."""

    def authenticate(self, request: HttpRequest, token: str) -> str | None:  # noqa: ARG002
        """Return the account."""
        user = tokens.holder(token)
        return user.get_username() if user else None


class DatasetOut(Schema):
    """A dataset there is."""

    name: str
    title: str
    purpose: str
    columns: list[str]


class RowsOut(Schema):
    """Some rows, with the version and date they are of."""

    version: str
    as_of: str
    total: int
    receipt: str
    rows: list[dict[str, Any]]


class EntityOut(Schema):
    """One entity, cell by cell."""

    entity: str
    id: str
    community_code: str
    receipt: str
    cells: list[dict[str, Any]]


api = NinjaAPI(
    title="基层数据服务台", version="1", docs_url=None, auth=Bearer(), urls_namespace="api",
    description="按账号的范围给出遮盖过的数据；每次调用都记入审计。",
)  # fmt: skip


@api.exception_handler(JicengError)
def told(request: HttpRequest, error: JicengError) -> HttpResponse:
    """Say what is wrong and what to do."""
    return api.create_response(request, {"what": error.what, "cure": error.cure}, status=status_of(error))


@api.get("/datasets", response=list[DatasetOut], summary="有哪些数据集")
def list_datasets(request: HttpRequest) -> list[dict[str, Any]]:  # noqa: ARG001
    """List the returned datasets."""
    listed = datasets.datasets(settings()).values()
    return [{"name": d.name, "title": d.title, "purpose": d.purpose, "columns": list(d.columns)} for d in listed]


@api.get("/{scope}/{dataset}/rows", response=RowsOut, summary="一个区划的若干行")
def rows(request: HttpRequest, scope: str, dataset: str, limit: int = 100, offset: int = 0) -> dict[str, Any]:
    """Return masked rows of one division, codes as they are."""
    wanted = found(dataset)
    limit, offset = max(1, min(limit, MOST_ROWS)), max(0, min(offset, _FARTHEST))
    with opened() as (version, connection), open_ledger(settings()) as ledger:
        where = communities.find(settings(), scope)
        access = authorise(ledger, _account(request), wanted, where.code, version=version.name, channel="api")
        cut = Cut(connection, wanted, where, access, version, {})
        cursor = connection.execute(cut.values(rows=cut.page(limit, offset)))
        names = [column[0] for column in cursor.description or ()]
        taken = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        served(ledger, access, len(taken))
        return {
            "version": version.name, "as_of": cut.as_of, "total": cut.rows, "receipt": access.receipt, "rows": taken,
        }  # fmt: skip


@api.get("/{scope}/{dataset}/package.{kind}", summary="整个文件，可断点续传")
def get_package(request: HttpRequest, scope: str, dataset: str, kind: str) -> Any:
    """Return the file; ETag names version and file, Range goes on where a download of this very file broke off."""
    found(dataset)
    if kind not in package.kinds():
        raise Http404
    account = _account(request)
    known = request.headers.get("If-None-Match", "")
    if known.startswith(f'"{packages.tag(account, scope, dataset, kind)}-'):
        return HttpResponse(status=304, headers={"ETag": known})
    path_ = packages.file(account, scope, dataset, kind)
    file = path_.open("rb")
    about = os.fstat(file.fileno())
    # cut again, a file says the same in other bytes: it says by whom and when
    etag = f'"{packages.tag(account, scope, dataset, kind)}-{about.st_mtime_ns:x}"'
    size, asked = about.st_size, _RANGE.fullmatch(request.headers.get("Range", ""))
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Type": TYPES.get(kind, "application/octet-stream")}
    if asked and request.headers.get("If-Range", etag) == etag:
        first, last = int(asked[1]), min(int(asked[2] or size - 1), size - 1)
        with file:
            file.seek(first)
            part = file.read(max(0, last - first + 1))
        if first > last:
            return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
        return HttpResponse(part, status=206, headers={**headers, "Content-Range": f"bytes {first}-{last}/{size}"})
    return FileResponse(file, as_attachment=True, filename=path_.name, headers=headers)


@api.get("/{scope}/{kind}/{key}", response=EntityOut, summary="一人（户、企业）一档")
def entity(request: HttpRequest, scope: str, kind: str, key: str) -> dict[str, Any]:
    """Return one entity, masked, each cell with its source."""
    if kind not in REGISTERS or not re.fullmatch(r"[0-9a-f]{8,64}", key):
        raise Http404
    with opened() as (version, connection), open_ledger(settings()) as ledger:
        where, wanted = communities.find(settings(), scope), datasets.find(settings(), REGISTERS[kind])
        access = authorise(
            ledger, _account(request), wanted, where.code, action="look", version=version.name, channel="api",
            entity=kind, entity_id=key,  # type: ignore[arg-type]
        )  # fmt: skip
        one = dossier.read(Cut(connection, wanted, where, access, version, {}), kind, key, NAMES[kind])
        if one is None:
            failed(ledger, access)
            raise Http404
        served(ledger, access, 1)
    cells = [
        {
            "element": cell.element.id,
            "value": cell.value,
            "mark": cell.mark,
            "source": cell.source.system if cell.source else None,
            "date": cell.source.day.isoformat() if cell.source and cell.source.day else None,
            "others": [{"system": word.system, "value": word.value} for word in cell.others],
        }
        for cell in one.cells
    ]
    return {
        "entity": kind, "id": key, "community_code": one.community_code, "receipt": access.receipt, "cells": cells,
    }  # fmt: skip


def _account(request: HttpRequest) -> str:
    return str(getattr(request, "auth"))  # noqa: B009  ninja puts there what Bearer returned


_patterns, _app, _space = api.urls
for _pattern in _patterns:
    setattr(_pattern.callback, "scope", Scope.PROGRAM)  # noqa: B010  Django does not know of it
paths = [path("api/v1/", (_patterns, _app, _space))]
