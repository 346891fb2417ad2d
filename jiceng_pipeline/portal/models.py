"""What the portal remembers of an account beside Django's own: what it saw last, its tokens, forms it is filling."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import User
from django.db import models


class Remembered(models.Model):
    """What an account has seen, and whether its password is still the one it was given."""

    user: models.OneToOneField[User, User] = models.OneToOneField(
        User, on_delete=models.CASCADE, related_name="remembered"
    )
    seen_version: models.CharField[str, str] = models.CharField(max_length=80, default="", blank=True)
    must_change_password: models.BooleanField[bool, bool] = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.user)


class Token(models.Model):
    """A bearer token for the programming interface: only its hash is kept."""

    user: models.ForeignKey[User, User] = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    title: models.CharField[str, str] = models.CharField(max_length=60)
    digest: models.CharField[str, str] = models.CharField(max_length=64, unique=True)
    made: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    until: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    ended: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)

    class Meta:
        """The newest first."""

        ordering: ClassVar = ["-made"]

    def __str__(self) -> str:
        return self.title


class Draft(models.Model):
    """A form that an account is filling: line → element → what was typed. What was handed out lies beside, by `key`."""

    user: models.ForeignKey[User, User] = models.ForeignKey(User, on_delete=models.CASCADE, related_name="drafts")
    form: models.CharField[str, str] = models.CharField(max_length=60)
    scope: models.CharField[str, str] = models.CharField(max_length=12)
    key: models.CharField[str, str] = models.CharField(max_length=32, unique=True)
    made: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    answers: models.JSONField[dict[str, dict[str, str]], dict[str, dict[str, str]]] = models.JSONField(default=dict)

    class Meta:
        """One draft of a form and place an account."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "form", "scope"], name="one_draft")]

    def __str__(self) -> str:
        return self.form
