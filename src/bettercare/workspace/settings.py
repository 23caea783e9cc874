"""Settings of the workspace. Everything that differs between places comes from the environment (see docs)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dj_database_url

HERE = Path(__file__).parent
DATA = Path(os.environ.get("BETTERCARE_DATA", "workspace-data"))
STORE = os.environ.get("BETTERCARE_STORE", "")  # the folder of the event store; without it, published figures only
DEBUG = False
DEMO = os.environ.get("BETTERCARE_DEMO", "") == "1"
SECRET_KEY = os.environ.get("BETTERCARE_SECRET", "")
ALLOWED_HOSTS = [h for h in os.environ.get("BETTERCARE_HOSTS", "127.0.0.1,localhost").split(",") if h]
HTTPS = os.environ.get("BETTERCARE_HTTPS", "") == "1"
BEHIND_PROXY = os.environ.get("BETTERCARE_PROXY", "") == "1"  # one that ends TLS and sets X-Forwarded-... itself
# Roles that can change what others may do or what is adopted are not held with a password alone.
SECOND_FACTOR_ROLES = [] if DEMO else ["administrator", "programme-office"]
# The partnership's own sign-in service (OpenID Connect). It signs in people who have an account here, and makes none.
OIDC = {
    "issuer": os.environ.get("BETTERCARE_OIDC_ISSUER", "").rstrip("/"),
    "client": os.environ.get("BETTERCARE_OIDC_CLIENT", ""),
    "secret": os.environ.get("BETTERCARE_OIDC_SECRET", ""),
    "name": os.environ.get("BETTERCARE_OIDC_NAME", "your organisation's account"),
}

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "bettercare.workspace.audit",
    "bettercare.workspace.accounts",
    "bettercare.workspace.programme",
    "bettercare.workspace.returns",
    "bettercare.workspace.measurement",
    "bettercare.workspace.papers",
    "bettercare.workspace.public",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "bettercare.workspace.unreadable.UnreadableMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "bettercare.workspace.accounts.middleware.PermissionMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "bettercare.workspace.urls"
WSGI_APPLICATION = "bettercare.workspace.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/work/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 1  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "bettercare.workspace.accounts.lock.locked_out"
AXES_CLIENT_IP_CALLABLE = "bettercare.workspace.accounts.lock.client_address"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {"environment": "bettercare.workspace.pages.environment"},
    },
]

DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("BETTERCARE_DATABASE") or f"sqlite:///{DATA / 'workspace.sqlite3'}",
        conn_max_age=60,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Write-ahead logging, every commit on disk before it is acknowledged, and no read that later turns into a write.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATICFILES_DIRS = [HERE / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600  # seconds: a working day
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "bettercare.workspace.errors.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "bettercare.workspace.returns.quota.Quota",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
LOGGING_CONFIG = None
