"""Every address there is: `paths` of each module of `pages/`, found by scanning."""

import importlib
import pkgutil

from django.urls import URLPattern, URLResolver

from jiceng_pipeline.portal import converters, pages

handler400 = "jiceng_pipeline.portal.failures.bad_request"
handler403 = "jiceng_pipeline.portal.failures.forbidden"
handler404 = "jiceng_pipeline.portal.failures.not_found"
handler500 = "jiceng_pipeline.portal.failures.server_error"


def _found() -> list[URLPattern | URLResolver]:
    converters.register()
    modules = (
        importlib.import_module(f"{pages.__name__}.{name}") for _, name, _ in pkgutil.iter_modules(pages.__path__)
    )
    return [each for module in modules for each in module.paths]


urlpatterns = _found()
