"""One site for the whole session: a synced home of its own, demonstration accounts, gunicorn, and a browser."""

import os
import shutil
import socket
from base64 import b32decode
from dataclasses import dataclass
from threading import Barrier, Thread

import pytest

from jiceng_pipeline.core.settings import Settings
from jiceng_pipeline.portal import configuration, server
from jiceng_pipeline_tests.installed import needed

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@dataclass(frozen=True)
class Site:
    """The running site: where it is, and the accounts with their passwords."""

    settings: Settings
    address: str
    passwords: dict
    community: str

    def client(self, account=None):
        """Return an in-process client, signed in; the pages are the same, and nothing waits for a network."""
        from django.contrib.auth.models import User
        from django.test import Client

        client = Client(SERVER_NAME="127.0.0.1", raise_request_exception=False)
        if account:
            client.force_login(User.objects.get(username=account), "django.contrib.auth.backends.ModelBackend")
        return client

    def verified(self, account):
        """Return a client that has given its second factor in this session."""
        from django.contrib.auth.models import User
        from django_otp import DEVICE_ID_SESSION_KEY
        from django_otp.plugins.otp_static.models import StaticDevice

        client = self.client(account)
        user = User.objects.get(username=account)
        device, _ = StaticDevice.objects.get_or_create(user=user, defaults={"name": "paper"})
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session.save()
        return client


@pytest.fixture(scope="session")
def portal_home(synced, tmp_path_factory):
    folder = tmp_path_factory.mktemp("portal") / "home"
    shutil.copytree(synced.home, folder, symlinks=True)
    return Settings(home=folder, memory_limit="1GB", threads=1)


@pytest.fixture(scope="session")
def site(portal_home):
    """Return the site, served by one real gunicorn."""
    # the browser's driver keeps an event loop in this thread, and Django would not open its database beside one
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    configuration.prepare(portal_home)
    from jiceng_pipeline.portal import accounts

    made = accounts.demonstration(portal_home)
    community = next(scope for scope in _clerk_scopes(portal_home))
    with socket.socket() as probe:
        probe.bind((server.HOST, 0))
        port = probe.getsockname()[1]
    with server.running(portal_home, port):
        yield Site(
            portal_home, f"http://{server.HOST}:{port}", {each.account: each.password for each in made}, community
        )


def _clerk_scopes(settings):
    from jiceng_pipeline.portal import caller

    return caller.of_account("clerk").divisions


@pytest.fixture(scope="session")
def chromium():
    """Return a browser; skip where Debian's package `chromium` is not installed."""
    needed(CHROMIUM, "chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def reader(site, chromium):
    """Return a function that opens a page as an account, signed in with its password."""
    contexts = []

    def opened(account=None, *, width=1366, size="normal", script=True, base=None):
        context = chromium.new_context(
            viewport={"width": width, "height": 768}, locale="zh-CN", java_script_enabled=script, base_url=site.address
        )
        contexts.append(context)
        context.add_cookies([{"name": "appearance", "value": f"{size}.zh", "url": site.address}])
        page = context.new_page()
        if account:
            page.goto("/login")
            page.fill("#id_username", account)
            page.fill("#id_password", site.passwords[account])
            page.click("main button")
            page.wait_for_url(lambda url: "/login" not in url)
        return page

    yield opened
    for context in contexts:
        context.close()


def one_time_code(key):
    """Return what an authenticator makes of the key it was shown."""
    from django_otp.oath import totp

    plain = key.replace(" ", "")
    return f"{totp(b32decode(plain + '=' * (-len(plain) % 8))):06d}"


def at_once(site, client, method, address, times=4):
    """Send the same several times at once with the session of a client; return how each was answered."""
    from django.db import connection

    client.get("/me")
    gate, answers = Barrier(times), []

    def send():
        other = site.client()
        other.cookies = client.cookies
        gate.wait()
        answers.append(getattr(other, method)(address).status_code)
        connection.close()

    threads = [Thread(target=send) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
