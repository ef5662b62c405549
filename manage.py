#!/usr/bin/env python3
"""Django's command line. `script/start` runs the whole site; `python manage.py help` lists the rest."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antigravity.settings")
    execute_from_command_line(sys.argv)
