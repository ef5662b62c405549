"""Wiring only: settings, addresses, the Celery app, embedded services. No model, no rule."""

from antigravity.celery import app as celery_app

__all__ = ["celery_app"]
