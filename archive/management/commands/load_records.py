"""Loads a file of JSON lines into the archive, streamed, with progress; resumes a load that broke off."""

from archive.management.loading import LoadCommand


class Command(LoadCommand):
    help = """
Loads preprints from a file of JSON lines in this site's own shape (docs/records.md). Lines of arXiv's
metadata dump may stand among them; to choose categories from it, see load_dump.

Loading a file twice changes nothing. A load that was stopped or killed goes on after its last page when
the same command is given again. A record that can't be taken in is set aside with the reason (admin, Set
aside records) and stops nothing.
"""
