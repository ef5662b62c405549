"""What says that the database could not answer: it is away, starts, is out of time or out of connections.

psycopg's own errors are among them: what its pool raises outside of Django's cursors stays as it is.
"""

import psycopg
from django.db import InterfaceError, OperationalError

OUTAGES = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
