#!/usr/bin/env python3
"""Django's command line. `script/start` runs the whole site; `python manage.py help` lists the rest.

Where the environment names no database, the commands use the embedded one that `start` makes under var/.
"""

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

from antigravity.embedded import fill_environment
from antigravity.place import EmbeddedError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antigravity.settings")
    var = Path(os.environ.get("VAR_DIR") or Path(__file__).resolve().parent / "var")
    try:
        fill_environment(os.environ, var=var, create=sys.argv[1:2] == ["start"])
    except (EmbeddedError, OSError) as error:
        sys.exit(str(error))
    execute_from_command_line(sys.argv)
