"""A platform whose records change, behind an HTTP interface that can be asked for what changed."""

from urllib.parse import parse_qs, urlsplit

from jiceng_pipeline.departments.contract import Contract
from jiceng_pipeline_tests.connectors.interface import Interface
from jiceng_pipeline_tests.landing.trial import FIELDS

DELIVERY = {
    "kind": "incremental",
    "cursor": "updateTime",
    "deleted": {"column": "deleted", "value": "1"},
    "sweep_days": 7,
}
CHANGING = {
    **FIELDS,
    "connector": {
        "kind": "http_json",
        "options": {"path": "/r", "total": "total", "page_size": 3, "since": "since", "attempts": 1},
    },
    "delivery": DELIVERY,
    "key": ["编号"],
    "columns": {"姓名": "name", "证号": "citizen_id", "updateTime": "record_updated_date"},
}
CONTRACT = Contract.model_validate(CHANGING)


class Platform(Interface):
    """Answers with all records, or with the changes since an instant, those that ended among them."""

    def __init__(self):
        super().__init__()
        self.held, self.ended = {}, {}

    def put(self, key, name, at):
        """Hold a record, entered at this instant."""
        self.held[key] = {"姓名": name, "证号": None, "编号": key, "updateTime": at}
        self.ended.pop(key, None)

    def end(self, key, at):
        """End a record and say so to whoever asks for changes."""
        self.ended[key] = {**self.held.pop(key), "updateTime": at, "deleted": 1}

    def forget(self, key):
        """Lose a record and say nothing."""
        del self.held[key]

    def page(self, number, size):
        """Answer the request that came last."""
        (since,) = self.since[-1:] or [None]
        rows = list(self.held.values())
        if since is not None:
            rows = [row for row in (*rows, *self.ended.values()) if row["updateTime"] >= since]
        self.records = sorted(rows, key=lambda row: (row["updateTime"], row["编号"]))
        return super().page(number, size)

    @property
    def since(self):
        """Return what each request asked from, None where for everything."""
        return [parse_qs(urlsplit(path).query).get("since", [None])[0] for path in self.visits]
