"""The portal as Django knows it."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Names the room."""

    name = "jiceng_pipeline.portal"
    label = "portal"
    verbose_name = "门户"
    default = True
