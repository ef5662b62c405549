"""The WSGI entry point that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antigravity.settings")
os.environ["IS_WEB_PROCESS"] = "true"  # keeps litellm out of here

application = get_wsgi_application()
