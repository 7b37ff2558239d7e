"""Settings, read from the environment (or ``.env``): every variable is described in ``.env.example``.

Nothing here is a secret: the secret key is generated into the data folder on first use.
"""

from __future__ import annotations

from pathlib import Path

import environ

from annotate.secret import load_or_create_secret

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")

DATA_DIR = Path(env.str("PLUMBLINE_DATA", default=str(BASE_DIR / "data"))).resolve()
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or load_or_create_secret(DATA_DIR / "secret_key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "annotate.accounts",
    "annotate.campaigns",
    "annotate.prompts",
    "annotate.rounds",
    "annotate.ranking",
    "annotate.quality",
    "annotate.chat",
    "annotate.datasets",
    "annotate.loop",
    "annotate.live",
    "annotate.simulation",
    "annotate.runtime",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "annotate.headers.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "annotate.accounts.sessions.PersonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "annotate.urls"
ASGI_APPLICATION = "annotate.asgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

# PostgreSQL is the one database engine. Without DATABASE_URL, `manage.py up` starts the embedded server
# and hands its address down; other commands find it in the file that `up` leaves in the data folder.
_URL_FILE = DATA_DIR / "database_url"
DATABASE_URL = env.str("DATABASE_URL", default="") or (
    _URL_FILE.read_text().strip() if _URL_FILE.exists() else "postgresql:///plumbline"
)
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
DATABASES["default"]["ENGINE"] = "annotate.database"
# Threads come and go, so the process keeps its connections in a pool. The threads that answer requests stay,
# and keep theirs (see handler.py). One that a restart of PostgreSQL broke is noticed before it is used.
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
    "min_size": 1,
    "max_size": env.int("DATABASE_POOL", default=24),
    "timeout": 10,
    # A longer one also means longer pauses between attempts, when the database may be back already.
    "reconnect_timeout": 5,
}
# Only statements that ask for it are prepared (see database/statements.py); Django's own never are.
DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 5
# How many requests a web process works on at a time; more of them wait in order. More threads cost more in
# changing between them than they gain while they wait for PostgreSQL (docs/benchmarks.md).
REQUEST_THREADS = env.int("REQUEST_THREADS", default=3)
# What annotators send all day takes no thread (ranking/desk.py): so many of its statements at a time.
DESK_LINES = env.int("DESK_LINES", default=4)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

_REDIS_FILE = DATA_DIR / "redis_url"
REDIS_URL = env.str("REDIS_URL", default="") or (
    _REDIS_FILE.read_text().strip() if _REDIS_FILE.exists() else "redis://127.0.0.1:6379/0"
)
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL.replace("redis+socket://", "unix://")]},
    }
}

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A message is only a hint: what is to be done stands in PostgreSQL, and who does it claims it there.
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
CELERY_TASK_DEFAULT_QUEUE = "control"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False

# Artifacts: checkpoints, snapshots, job folders.
ARTIFACTS_DIR = Path(env.str("ARTIFACTS_DIR", default=str(DATA_DIR / "artifacts"))).resolve()
STARTER_MODEL = BASE_DIR / "training" / "starter" / "model"
STARTER_PROMPTS = BASE_DIR / "training" / "starter" / "prompts.jsonl"
# The prefix of the command that runs a stage, e.g. "accelerate launch -m training" on several GPUs.
STAGE_COMMAND = env.list("STAGE_COMMAND", default=[])
STAGE_DEVICE = env.str("STAGE_DEVICE", default="auto")
STAGE_PRECISION = env.str("STAGE_PRECISION", default="float32")
STAGE_NICE = env.int("STAGE_NICE", default=5)
STAGE_HEARTBEAT_SECONDS = env.float("STAGE_HEARTBEAT_SECONDS", default=1.0)
STAGE_STALE_SECONDS = env.float("STAGE_STALE_SECONDS", default=20.0)
ADVANCE_SECONDS = env.float("ADVANCE_SECONDS", default=1.0)
# Beat keeps nothing on disk, and a look at the rounds that comes late is not worth two.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    "advance": {
        "task": "loop.advance_rounds",
        "schedule": ADVANCE_SECONDS,
        "options": {"queue": "control", "expires": 5 * ADVANCE_SECONDS},
    },
    "forget": {
        "task": "live.forget_old",
        "schedule": 3600.0,
        "options": {"queue": "control", "expires": 600},
    },
}
# How long a page may be away and still be told all that it missed; after that it reads the round anew.
LIVE_EVENT_DAYS = env.float("LIVE_EVENT_DAYS", default=7.0)
# The OpenAI-compatible servers that chat campaigns may ask, and the key of each (in order, empty for none).
CHAT_ENDPOINTS = env.list("CHAT_ENDPOINTS", default=[])
CHAT_ENDPOINT_KEYS = [key.strip() for key in env.str("CHAT_ENDPOINT_KEYS", default="").split(",")]
# The OpenAI-compatible server and the model on it that may judge; the stage reads its key, JUDGE_API_KEY.
JUDGE_URL = env.str("JUDGE_URL", default="")
JUDGE_MODEL = env.str("JUDGE_MODEL", default="")
LEASE_MINUTES = env.float("LEASE_MINUTES", default=20.0)
PROMPT_FILE_MAX_BYTES = env.int("PROMPT_FILE_MAX_BYTES", default=64 * 1024 * 1024)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "annotate.accounts.authentication.TokenAuthentication",
        "annotate.accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["annotate.parsers.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 50,
    # ?format= is the export's own parameter.
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "annotate.errors.exception_handler",
    "DEFAULT_THROTTLE_RATES": {"login": "30/min", "chat": "30/min"},
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Plumbline",
    "DESCRIPTION": "Human preference annotation that closes the RLHF loop.",
    "VERSION": "0.1.0",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "RoundStateEnum": "annotate.rounds.models.RoundState",
        "AssignmentStateEnum": "annotate.ranking.models.AssignmentState",
        "RoleEnum": "annotate.accounts.models.Role",
        "CampaignKindEnum": "annotate.campaigns.models.CampaignKind",
        "CheckpointKindEnum": "annotate.rounds.models.CheckpointKind",
        "TurnStateEnum": "annotate.chat.serializers.TURN_STATES",
    },
}

STATIC_URL = "/static/"
# Vite writes hashed files and its own index.html here; WhiteNoise serves them from where they are.
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
STATICFILES_DIRS = [FRONTEND_DIST] if FRONTEND_DIST.exists() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/assets/.+-[0-9A-Za-z_-]{8}\.[a-z0-9]+$"

USE_TZ = True
TIME_ZONE = "UTC"
SESSION_ENGINE = "annotate.accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_COOKIES = env.bool("SECURE_COOKIES", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE_COOKIES else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # A line or two for every look at the rounds and every request would drown the rest.
    "loggers": {
        name: {"level": "WARNING"}
        for name in ("celery.worker.strategy", "celery.worker.request", "celery.app.trace", "httpx")
    },
}
