"""What gunicorn loads: the site of the home in `JICENG_HOME`; `jiceng portal` says the rest in the environment."""

import os
import sys
from contextlib import suppress
from dataclasses import replace

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

from jiceng_pipeline.core.errors import JicengError
from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.ledger.store import open_ledger
from jiceng_pipeline.portal import configuration

_TURN_SECONDS = 0.001  # a workbook gives a page its turn after that long; Python's own 5 ms add up to what one notices
MEMORY, THREADS = "1GB", 1  # of one process: several answer at once


def _application() -> WSGIHandler:
    sys.setswitchinterval(_TURN_SECONDS)
    settings = replace(Settings.load(), memory_limit=MEMORY, threads=THREADS)
    domains = tuple(filter(None, os.environ.get("JICENG_PORTAL_DOMAINS", "").split(",")))
    configuration.start(settings, domains, os.environ.get("JICENG_PORTAL_HTTPS") == "yes")
    application = get_wsgi_application()
    _get_ready(settings)
    return application


def _get_ready(settings: Settings) -> None:
    """Read once what every page needs, so that no reader waits for it."""
    from django.template.loader import get_template

    from jiceng_pipeline.departments.contract import contracts
    from jiceng_pipeline.exchange.light_app import light_apps
    from jiceng_pipeline.portal import urls
    from jiceng_pipeline.portal.reading import opened
    from jiceng_pipeline.returns import communities, datasets

    assert urls.urlpatterns
    for template in (configuration.ROOM / "templates" / "portal").iterdir():
        get_template(f"portal/{template.name}")
    contracts()
    datasets.datasets(settings)
    light_apps(settings.sql_models)
    communities.places(settings.reference)
    with suppress(JicengError), open_ledger(settings), opened():  # nothing is published yet, or it is damaged
        pass


application = _application()
