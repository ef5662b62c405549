"""Settings, read once from the environment: typed, strict, and the only reader of os.environ.

A missing secret or a malformed value stops the process with its name; `.env.example` lists every variable.
"""

import os
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF
from environs import Env, validate

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR: Path = env.path("VAR_DIR", BASE_DIR / "var")

# Site
DEBUG: bool = env.bool("DEBUG", False)
SECRET_KEY: str = env.str("SECRET_KEY")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
SITE_NAME = "Antigravity Q&A"
SITE_URL: str = env.str("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
CONTACT_EMAIL: str = env.str("CONTACT_EMAIL", "")
FEED_AUTHORITY: str = env.str("FEED_AUTHORITY", "") or urlsplit(SITE_URL).hostname or "localhost"

INSTALLED_APPS = [
    "antigravity",
    "archive",
    "qa",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "corsheaders",
    "csp",
    "django_filters",
    "drf_spectacular",
    "rest_framework",
]

MIDDLEWARE = [
    "antigravity.privacy.PersonalIsPrivate",  # first in, last out: it sees every cookie and every Vary
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "qa.throttling.RateLimitHeaders",  # outside of what makes a 304, which keeps few headers
    "antigravity.problems.ConditionalGet",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "antigravity.urls"
WSGI_APPLICATION = "antigravity.wsgi.application"
APPEND_SLASH = True

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
            ],
        },
    },
]

# Database: the runtime role has DML only; DATABASE_OWNER_URL names the role that migrates.
# Connections come from psycopg's pool, which checks each one before it is lent: a restart of Postgres costs
# no request.
STATEMENT_TIMEOUT_MS: int = env.int("STATEMENT_TIMEOUT_MS", 5_000)  # web; workers are started with 30,000
database = env.dj_db_url("DATABASE_URL")
database["ENGINE"] = "antigravity.postgresql"
database["CONN_HEALTH_CHECKS"] = True
# How archive/vectors.py reads an HNSW index, once a connection: set with each search it would cost three
# round trips. ef_search (vectors that are kept in view, well above the hundred that are wanted) is chosen
# by benchmarks/search_speed.py for .99 of the ten nearest of 10,000; where a filter lets few pass, the index
# is read on, in order, until max_scan_tuples were seen.
VECTOR_INDEX = "-c hnsw.ef_search=200 -c hnsw.iterative_scan=strict_order -c hnsw.max_scan_tuples=60000"
database["OPTIONS"] = {
    "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout=2000 {VECTOR_INDEX}",
    "connect_timeout": 5,
    "prepare_threshold": 0,  # psycopg's own cursors, which alone can, prepare at once: qa/conditions.py
    "pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL_SIZE", 10), "timeout": 10},
}
DATABASES = {"default": database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis carries wake-ups and the reading limits; it may vanish at any time without losing a question.
REDIS_URL: str = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    },
    "pages": {  # archive/made.py: in the process, some 25 kB each
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "pages",
        "OPTIONS": {"MAX_ENTRIES": 1_000},
    },
}

# Celery: numbers and reasons in docs/decisions/0001. Each is longer than the one before: heartbeat, lease;
# and a model's deadline, the soft limit, the hard one, the broker's visibility.
RUN_HEARTBEAT_SECONDS: float = env.float("RUN_HEARTBEAT_SECONDS", 10.0)
RUN_LEASE_SECONDS: float = env.float("RUN_LEASE_SECONDS", 30.0)
RUN_MAX_ATTEMPTS = 3
LLM_DEADLINE_SECONDS: float = env.float("LLM_DEADLINE_SECONDS", 90.0)
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 150
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_DEFAULT_QUEUE = "archive"
CELERY_TASK_ROUTES = {
    "qa.tasks.answer_question": {"queue": "answers"},
    "archive.tasks.embed_query": {"queue": "queries"},
}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 5,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_PUBLISH_RETRY = False

# Models. Any LiteLLM name works; the provider's key is read by LiteLLM from its usual variable.
ANSWER_MODEL: str = env.str("ANSWER_MODEL", "antigravity/extractive-1")
ANSWER_FALLBACK_MODELS: list[str] = env.list("ANSWER_FALLBACK_MODELS", [])
ANSWER_API_BASE: str = env.str("ANSWER_API_BASE", "")
PROMPTS = sorted(path.name for path in (BASE_DIR / "qa" / "data" / "prompts").glob("v*"))
PROMPT_VERSION: str = env.str("PROMPT_VERSION", "v1", validate=validate.OneOf(PROMPTS))
MODEL_PRICES: Path = env.path("MODEL_PRICES", BASE_DIR / "qa" / "data" / "prices.json")
CHECK_MODEL: str = env.str("CHECK_MODEL", "")
CHECK_API_BASE: str = env.str("CHECK_API_BASE", "")
CHECK_DAILY_BUDGET_USD = env.decimal("CHECK_DAILY_BUDGET_USD", Decimal(1))
EMBEDDING_MODEL: str = env.str("EMBEDDING_MODEL", "local/all-MiniLM-L6-v2")
EMBEDDING_API_BASE: str = env.str("EMBEDDING_API_BASE", "")
EMBEDDING_WAIT_SECONDS: float = env.float("EMBEDDING_WAIT_SECONDS", 0.3)  # of a page for a worker's vector
RERANK_MODEL: str = env.str("RERANK_MODEL", "")
RERANK_API_BASE: str = env.str("RERANK_API_BASE", "")
IS_WEB_PROCESS: bool = env.bool("IS_WEB_PROCESS", False)  # set by wsgi.py: no hosted model is asked there
MODEL_DIR: Path = env.path("MODEL_DIR", VAR_DIR / "models")

# Harvesting: the OAI-PMH servers that may be asked, and how slowly
OAI_BASE_URLS: list[str] = env.list("OAI_BASE_URLS", ["https://oaipmh.arxiv.org/oai"])
OAI_INTERVAL_SECONDS: float = env.float("OAI_INTERVAL_SECONDS", 3.0)
OAI_ANSWER_SECONDS: float = env.float("OAI_ANSWER_SECONDS", 600.0)
OAI_ALLOW_PRIVATE: bool = env.bool("OAI_ALLOW_PRIVATE", False)
HARVEST_SETS: list[str] = env.list("HARVEST_SETS", [])  # of the first server; "*" is all of it
HARVEST_PREFIX: str = env.str("HARVEST_PREFIX", "arXivRaw")
HARVEST_INTERVAL_HOURS: float = env.float("HARVEST_INTERVAL_HOURS", 24.0)

# Answering
AUTO_PUBLISH: bool = env.bool("AUTO_PUBLISH", True)
DAILY_BUDGET_USD = env.decimal("DAILY_BUDGET_USD", Decimal(5))
MONTHLY_BUDGET_USD = env.decimal("MONTHLY_BUDGET_USD", Decimal(50))
REANSWER_POLICY: str = env.str(
    "REANSWER_POLICY", "never", validate=validate.OneOf(["never", "withdrawn", "evidence", "all"])
)
REANSWER_PER_DAY: int = env.int("REANSWER_PER_DAY", 20)
ASK_QUOTA_PER_HOUR: int = env.int("ASK_QUOTA_PER_HOUR", 20)
ASK_QUOTA_PER_DAY: int = env.int("ASK_QUOTA_PER_DAY", 60)
TOKEN_ASK_QUOTA_PER_HOUR: int = env.int("TOKEN_ASK_QUOTA_PER_HOUR", 200)
TOKEN_ASK_QUOTA_PER_DAY: int = env.int("TOKEN_ASK_QUOTA_PER_DAY", 1_000)
REQUESTS_PER_MINUTE: int = env.int("REQUESTS_PER_MINUTE", 600)
TOKEN_REQUESTS_PER_MINUTE: int = env.int("TOKEN_REQUESTS_PER_MINUTE", 3_000)
REPORT_QUOTA_PER_DAY: int = env.int("REPORT_QUOTA_PER_DAY", 30)
MAX_OPEN_RUNS: int = env.int("MAX_OPEN_RUNS", 500)
STATUS_WAITS: int = env.int("STATUS_WAITS", 4)  # of the threads of one web process
NUM_PROXIES: int = env.int("NUM_PROXIES", 0)

# Accounts: staff only.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1  # hours
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_IPWARE_PROXY_COUNT = NUM_PROXIES or None
AXES_IPWARE_META_PRECEDENCE_ORDER = [*(["HTTP_X_FORWARDED_FOR"] if NUM_PROXIES else []), "REMOTE_ADDR"]
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]

# Language and time
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

# Static files
STATIC_URL = "static/"
STATIC_ROOT: Path = env.path("STATIC_ROOT", VAR_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (
    "map",
    "jpg",
    "jpeg",
    "png",
    "gif",
    "webp",
    "gz",
    "br",
    "woff",
    "woff2",
)

# Security. HTTPS is ended by the proxy in front; HTTPS=false is for a machine's own loopback.
HTTPS: bool = env.bool("HTTPS", SITE_URL.startswith("https://"))
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if NUM_PROXIES else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "qa.views.site.csrf_failed"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 262_144
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# REST
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["antigravity.limits.BoundedJSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["qa.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["qa.authentication.AnybodyOrScope"],
    "DEFAULT_THROTTLE_CLASSES": ["qa.throttling.RequestThrottle"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "antigravity.limits.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "antigravity.problems.handle_exception",
    "UNAUTHENTICATED_USER": None,
    "NUM_PROXIES": NUM_PROXIES,
}
# Any origin may read the API; nobody may ask through a visitor's browser, and no cookie ever counts.
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS"]
CORS_ALLOW_HEADERS = [*default_headers, "if-none-match"]  # waiting for news needs it
CORS_EXPOSE_HEADERS = ["ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "WWW-Authenticate"]
SPECTACULAR_SETTINGS = {
    "TITLE": "Antigravity Q&A",
    "DESCRIPTION": "Preprints, questions, and answers whose claims are checked against the text they cite.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "antigravity.problems.document_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "QuestionState": "qa.models.Question.State",
        "AnswerState": "qa.models.Answer.State",
        "AnswerVerdict": "qa.models.Answer.Verdict",
        "CitationVerdict": "qa.models.Citation.Verdict",
        "OpinionVerdict": "qa.models.Opinion.Verdict",
    },
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,  # mostly the same words again
    "GET_LIB_DOC_EXCLUDES": "antigravity.reference.undocumented_classes",
}

# Logs: one line an event, JSON when LOG_FORMAT=json. Tracebacks are plain: one with local variables would
# show secrets.
LOG_LEVEL: str = env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"]))
LOG_FORMAT: str = env.str("LOG_FORMAT", "text", validate=validate.OneOf(["text", "json"]))
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=True),
        *(
            [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
            if LOG_FORMAT == "json"
            else [
                structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
            ]
        ),
    ],
    wrapper_class=structlog.make_filtering_bound_logger(LOG_LEVEL),
)

# LiteLLM must neither fetch its price list nor report anything; it reads these when it is first imported.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ.setdefault("LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS", "True")
os.environ.setdefault("LITELLM_TELEMETRY", "False")
os.environ.setdefault("DO_NOT_TRACK", "1")
