"""Django's settings, made from ours: hardened, offline, Chinese first."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from csp.constants import NONE, SELF

from jiceng_pipeline.core.settings import PACKAGE, Settings
from jiceng_pipeline.portal import place

ROOM = PACKAGE / "portal"
IDLE_MINUTES, ABSOLUTE_HOURS = 30, 8
TRIES, LOCKED_MINUTES = 5, 15  # of one account
TRIES_OF_ADDRESS = 100  # of all accounts from one address; a whole office may have the same
LARGEST_UPLOAD = 20 * 1024 * 1024
_KEPT_SECONDS = 600
_YEAR_SECONDS = 365 * 24 * 3600


def start(settings: Settings, domains: tuple[str, ...] = (), behind_https: bool = False) -> None:
    """Make this process a Django process; once only."""
    import django
    from django.conf import settings as site

    if not site.configured:
        site.configure(**values(settings, domains, behind_https))
        django.setup()


def prepare(settings: Settings) -> None:
    """Make this process a Django process, and make or renew the tables of the portal's own database."""
    start(settings)
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def check(settings: Settings) -> None:
    """Go through Django's list for sites in service, as it would be behind HTTPS; raise where something is amiss."""
    start(settings, behind_https=True)
    from django.core.management import call_command

    call_command("check", deploy=True, fail_level="WARNING")


def values(settings: Settings, domains: tuple[str, ...] = (), behind_https: bool = False) -> Mapping[str, Any]:
    """Return Django's settings by name.

    `domains` are the names the site is called by besides this machine's own. `behind_https`: a server in front
    speaks HTTPS with browsers and says so in X-Forwarded-Proto; without it the site is for this machine alone.
    """
    return {
        "JICENG": settings,
        "SECRET_KEY": place.secret_key(settings),
        "DEBUG": False,
        "ALLOWED_HOSTS": ["127.0.0.1", "localhost", *domains],
        "ROOT_URLCONF": "jiceng_pipeline.portal.urls",
        "INSTALLED_APPS": [
            "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
            "django.contrib.staticfiles", "django_otp", "django_otp.plugins.otp_totp",
            "django_otp.plugins.otp_static", "axes", "csp", "jiceng_pipeline.portal",
        ],
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            "csp.middleware.CSPMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
            "whitenoise.middleware.WhiteNoiseMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "jiceng_pipeline.portal.appearance.AppearanceMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django_otp.middleware.OTPMiddleware",
            "jiceng_pipeline.portal.sessions.SessionLifeMiddleware",
            "jiceng_pipeline.portal.failures.FailureMiddleware",
            "axes.middleware.AxesMiddleware",
        ],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [ROOM / "templates"],
                "APP_DIRS": False,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "jiceng_pipeline.portal.appearance.context",
                    ],
                    "builtins": ["jiceng_pipeline.portal.templatetags.words"],
                },
            }
        ],
        "DATABASES": {
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": place.database(settings),
                "CONN_MAX_AGE": _KEPT_SECONDS,  # opening it costs more than asking it
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 20,
                    "init_command": "pragma journal_mode=wal; pragma synchronous=full;",
                },
            }
        },
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        **_words(),
        **_sign_in(behind_https),
        **_hardening(behind_https),
        "STATIC_URL": "/static/",
        "STATIC_ROOT": None,
        "STATICFILES_FINDERS": ["django.contrib.staticfiles.finders.AppDirectoriesFinder"],
        "WHITENOISE_USE_FINDERS": True,
        "WHITENOISE_MAX_AGE": 3600,
        "LOGGING": _logging(),
    }  # fmt: skip


def _words() -> Mapping[str, Any]:
    return {
        "LANGUAGE_CODE": "zh-hans",
        "LANGUAGES": [("zh-hans", "中文"), ("en", "English")],
        "USE_I18N": True,
        "USE_TZ": True,
        "TIME_ZONE": "Asia/Shanghai",
    }


def _sign_in(behind_https: bool) -> Mapping[str, Any]:
    validators = "django.contrib.auth.password_validation"
    return {
        "AUTHENTICATION_BACKENDS": [
            "axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend",
        ],
        "PASSWORD_HASHERS": ["jiceng_pipeline.portal.passwords.Argon2"],
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": f"{validators}.UserAttributeSimilarityValidator"},
            {"NAME": f"{validators}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
            {"NAME": f"{validators}.CommonPasswordValidator"},
            {"NAME": f"{validators}.NumericPasswordValidator"},
        ],
        "LOGIN_URL": "/login",
        "LOGIN_REDIRECT_URL": "/",
        "LOGOUT_REDIRECT_URL": "/login",
        "AXES_FAILURE_LIMIT": TRIES,
        "AXES_COOLOFF_TIME": timedelta(minutes=LOCKED_MINUTES),
        "AXES_LOCKOUT_PARAMETERS": ["username"],
        "AXES_RESET_ON_SUCCESS": True,
        # else whoever keeps guessing keeps the owner out for ever
        "AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT": False,
        "AXES_LOCKOUT_CALLABLE": "jiceng_pipeline.portal.pages.sign_in.locked",
        # who tries many accounts from one address is counted in `guessing`, with a bound of its own
        "SILENCED_SYSTEM_CHECKS": ["axes.W006"],
        "AXES_CLIENT_IP_CALLABLE": f"jiceng_pipeline.portal.guessing.{'forwarded' if behind_https else 'direct'}",
        "AXES_DISABLE_ACCESS_LOG": True,
        "AXES_VERBOSE": False,
        "OTP_TOTP_ISSUER": "基层数据服务台",
        "OTP_TOTP_THROTTLE_FACTOR": 1,
    }  # fmt: skip


def _hardening(behind_https: bool) -> Mapping[str, Any]:
    found = {
        "SESSION_COOKIE_NAME": "session",
        # the middleware ends a session; one that was gone by itself could not be told that it has ended
        "SESSION_COOKIE_AGE": ABSOLUTE_HOURS * 3600,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_FAILURE_VIEW": "jiceng_pipeline.portal.failures.csrf_failure",
        "X_FRAME_OPTIONS": "DENY",
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "CONTENT_SECURITY_POLICY": {
            "DIRECTIVES": {
                "default-src": [NONE], "script-src": [SELF], "style-src": [SELF], "img-src": [SELF],
                "font-src": [SELF], "connect-src": [SELF], "form-action": [SELF], "manifest-src": [SELF],
                "frame-ancestors": [NONE], "base-uri": [NONE], "object-src": [NONE],
            }
        },
        "DATA_UPLOAD_MAX_MEMORY_SIZE": LARGEST_UPLOAD,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 2_000,
        "FILE_UPLOAD_PERMISSIONS": 0o600,
    }  # fmt: skip
    if behind_https:
        found |= {
            "SESSION_COOKIE_NAME": "__Host-session",
            "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
            "SECURE_SSL_REDIRECT": True,
            "SESSION_COOKIE_SECURE": True,
            "CSRF_COOKIE_SECURE": True,
            "SECURE_HSTS_SECONDS": _YEAR_SECONDS,
            "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
            "SECURE_HSTS_PRELOAD": True,
        }
    return found


def _logging() -> Mapping[str, Any]:
    """Log what failed and where, never what it was about."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"redacted": {"()": "jiceng_pipeline.portal.failures.RedactedFormatter"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "redacted"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            name: {"handlers": ["console"], "level": "ERROR", "propagate": False} for name in ("django", "axes")
        },
    }
