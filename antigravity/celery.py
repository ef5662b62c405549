"""The Celery app and its beat schedule. A message only wakes a worker: the rows are the queue of record."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antigravity.settings")

app = Celery("antigravity")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "embed-pending": {"task": "archive.tasks.embed_pending", "schedule": 60.0},
    "sweep-freshness": {"task": "qa.tasks.sweep_freshness", "schedule": 300.0, "options": {"expires": 290}},
    "harvest-due": {"task": "archive.tasks.harvest_due", "schedule": 60.0, "options": {"expires": 55}},
    "retry-standing": {"task": "qa.tasks.retry_standing", "schedule": 300.0, "options": {"expires": 290}},
    "forget-askers": {"task": "qa.tasks.forget_askers", "schedule": 3600.0},
}
