"""The dispatcher: every second, and at once when a transaction says so, it sends what the runs table owes."""

import signal
import time
from types import FrameType
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import Error, connection

from qa.budget import settle_abandoned, settle_forgotten
from qa.dispatching import APPLICATION_NAME, wake_due
from qa.models import AnswerRun
from qa.runs import CHANNEL, LOST_WORKER, fail_lost_runs

log = structlog.get_logger()

PERIOD_SECONDS = 1.0


class Command(BaseCommand):
    help = "Wakes workers for the runs that are due, and fails those that lost their workers too often."

    def handle(self, *args: Any, **options: Any) -> None:
        self.is_ending = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.end)
        log.info("dispatcher_started")
        while not self.is_ending:
            try:
                self.listen()
                while not self.is_ending:
                    self.dispatch()
            except Error as error:
                log.warning("database_away", error=str(error))
                connection.close()
                time.sleep(PERIOD_SECONDS)
        log.info("dispatcher_ended")

    def listen(self) -> None:
        """Opens the one connection that this process keeps, under the name that health checks look for."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('application_name', %s, false)", [APPLICATION_NAME])
            cursor.execute(f"LISTEN {CHANNEL}")

    def dispatch(self) -> None:
        """One round, then a wait for the next notification or second."""
        if failed := fail_lost_runs():
            log.error("runs_failed", runs=failed)
            settle_abandoned(AnswerRun.objects.filter(state=AnswerRun.State.FAILED, error_code=LOST_WORKER))
        if forgotten := settle_forgotten():
            log.warning("calls_forgotten", calls=forgotten)
        if sent := wake_due():
            log.info("runs_woken", runs=sent)
        with connection.wrap_database_errors:
            for _ in connection.connection.notifies(timeout=PERIOD_SECONDS, stop_after=1):
                pass

    def end(self, number: int, frame: FrameType | None) -> None:
        self.is_ending = True
