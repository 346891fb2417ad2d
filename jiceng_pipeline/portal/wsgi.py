"""What gunicorn loads: the site of the home in `JICENG_HOME`; `jiceng portal` says the rest in the environment."""

import os
import sys
from dataclasses import replace

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.portal import configuration

_TURN_SECONDS = 0.001  # a workbook gives a page its turn after that long; Python's own 5 ms add up to what one notices
MEMORY, THREADS = "1GB", 1  # of one process: several answer at once


def _application() -> WSGIHandler:
    sys.setswitchinterval(_TURN_SECONDS)
    settings = replace(Settings.load(), memory_limit=MEMORY, threads=THREADS)
    domains = tuple(filter(None, os.environ.get("JICENG_PORTAL_DOMAINS", "").split(",")))
    configuration.start(settings, domains, os.environ.get("JICENG_PORTAL_HTTPS") == "yes")
    return get_wsgi_application()


application = _application()
