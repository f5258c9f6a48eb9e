"""Settings: one file, everything that differs between installations comes from the environment (see .env.example)."""

from pathlib import Path

import environ
from csp.constants import NONE, SELF

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()

DEBUG = env.bool("DEBUG", default=False)
EMBEDDED = env.bool("GATEHOUSE_EMBEDDED", default=False)
SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
TOKEN_PEPPER = env.str("TOKEN_PEPPER", default=SECRET_KEY)  # keys hashed under the old value die when it changes
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
VAR = Path(env.str("GATEHOUSE_VAR", default=str(BASE_DIR / "var")))

INSTALLED_APPS = [
    "config.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "csp",
    "django_celery_beat",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "template_partials",
    "config.apps.ConfigConfig",
    "catalog",
    "compliance",
    "releases",
    "integrations",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.api.middleware.DialectMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "catalog.middleware.ActorMiddleware",
    "config.views.MethodPage",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False  # no route redirects for a slash: config.api.middleware takes both spellings

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "catalog.context.shell",
            ],
            "builtins": ["catalog.templatetags.ui", "catalog.templatetags.lists", "django.templatetags.static"],
        },
    },
]

# Database: PostgreSQL only. The pool is per process; keep max_size at or over the threads of one process.
DATABASES = {"default": env.db("DATABASE_URL")}
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # a restarted server costs nobody a failed request
POOL_SIZE = env.int("DATABASE_POOL", default=12)  # 0: no pool, as behind PgBouncer
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = POOL_SIZE and {
    "min_size": 1,
    "max_size": POOL_SIZE,
    "timeout": 10,
    "reconnect_timeout": 10,  # seconds of ever longer pauses; then whoever asks next has it tried at once
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# People
AUTH_USER_MODEL = "catalog.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # the e-mail is unique in any letter case, by a constraint on Lower("email")
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "catalog:home"
ACCOUNT_ADAPTER = "catalog.accounts.ClosedSignup"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # people are invited by an admin; nobody signs up by themselves
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # a stranger's address gets no mail from us
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_FORMS = {
    "login": "catalog.account_forms.SignIn",
    "change_password": "catalog.account_forms.ChangePassword",
    "reset_password": "catalog.account_forms.ResetPassword",
    "reset_password_from_key": "catalog.account_forms.NewPassword",
}
MFA_ADAPTER = "catalog.accounts.SecondFactor"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Gatehouse"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # the address is the one an admin invited
MFA_FORMS = {
    "activate_totp": "catalog.account_forms.ActivateCodes",
    "authenticate": "catalog.account_forms.EnterCode",
    "reauthenticate": "catalog.account_forms.EnterCodeAgain",
}
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip"}  # by name and address axes counts, over a longer time
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address"]
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "catalog.accounts.counted_name"
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://" if EMBEDDED else "dummymail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("MAIL_FROM", default="Gatehouse <gatehouse@localhost>")
EMAIL_TIMEOUT = 10  # seconds

# Cookies, headers, content
SECURE_COOKIES = env.bool("SECURE_COOKIES", default=not EMBEDDED)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_ENGINE = "catalog.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=SECURE_COOKIES)
SECURE_REDIRECT_EXEMPT = [r"^-/"]  # probes come from inside, over plain HTTP
SECURE_HSTS_SECONDS = 31536000 if SECURE_COOKIES else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_COOKIES
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_TLS_PROXY", default=False) else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
EVIDENCE_MAX_BYTES = env.int("EVIDENCE_MAX_BYTES", default=25 * 1024 * 1024)

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR / "evidence"}},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False  # one language: nothing is looked up in catalogues
FORMAT_MODULE_PATH = ["config.formats"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["config.api.renderers.StrictJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.api.parsers.StrictJSONParser"],
    "COERCE_DECIMAL_TO_STRING": False,
    "DEFAULT_SCHEMA_CLASS": "config.api.schema.DialectSchema",
}
SPECTACULAR_SETTINGS = {"OAS_VERSION": "3.1.0", "COMPONENT_SPLIT_REQUEST": True}
SPECTACULAR_SETTINGS["DEFAULT_GENERATOR_CLASS"] = "config.api.schema.Generator"

# Jobs. The truth of every job is a row; the broker only wakes workers (DESIGN section 7).
# Whoever waits for an answer does not wait for a broker that is gone: the sweeps find the row (config/jobs.py).
REDIS_BROKER: dict[str, object] = {"max_retries": 0, "socket_connect_timeout": 1}
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://")
if CELERY_BROKER_URL.startswith("filesystem"):
    QUEUE = VAR / "queue"
    for folder in (QUEUE / "messages", QUEUE / "control"):
        folder.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(QUEUE / "messages"),
        "data_folder_out": str(QUEUE / "messages"),
        "control_folder": str(QUEUE / "control"),
        "store_processed": False,
        "polling_interval": 0.1,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = REDIS_BROKER
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 2
CELERY_TIMEZONE = "UTC"
SWEEP_SECONDS = max(1, env.int("SWEEP_SECONDS", default=5))  # whole: the schedule's table would round 0.5 to "always"
DRIFT_SECONDS = max(1, env.int("DRIFT_SECONDS", default=60))
CELERY_BEAT_SCHEDULE = {  # a sweep finds what a broker forgot; a job that must run once a tick claims a JobTick row
    name: {
        "task": task,
        "schedule": seconds,
        "options": {"expires": seconds},
    }  # a late one is the next one
    for name, task, seconds in (
        ("outbox sweep", "catalog.drain_outbox", SWEEP_SECONDS),
        ("bulk sweep", "catalog.sweep_bulk", SWEEP_SECONDS),
        ("answer sweep", "catalog.forget_answers", 3600),
        ("release sweep", "releases.sweep", SWEEP_SECONDS),
        ("drift check", "compliance.check_drift", DRIFT_SECONDS),
        ("flow sweep", "compliance.refresh_flows", SWEEP_SECONDS),
        ("store sweep", "integrations.sweep_stores", 60),
        ("delivery sweep", "integrations.wake", SWEEP_SECONDS),
        ("old delivery sweep", "integrations.forget_deliveries", 3600),
    )
}

# Where projects may run: names an operator gives their runners; the first is the one of new projects
EXECUTION_POOLS = env.list("EXECUTION_POOLS", default=["default"])

REGION = env.str("REGION", default="us-east-1")  # what OpenFactstore's clients are told, and events without their own

PUBLIC_URL = env.str("PUBLIC_URL", default="")  # where people reach this portal, for links in messages; '' for none

# Private networks that webhooks and other calls to addresses of users may reach, such as 10.20.0.0/16
OUTBOUND_NETWORKS = env.list("OUTBOUND_NETWORKS", default=[])

# Calls a minute and credential, and Phaset's a minute and token; above it 429 with Retry-After
API_RATE = env.int("API_RATE", default=6000)
PHASET_RATE = env.int("PHASET_RATE", default=600)

LOGGING_CONFIG = "config.logs.configure"
LOGGING = {"level": env.str("LOG_LEVEL", default="INFO")}
DJANGO_STRUCTLOG_CELERY_ENABLED = False
