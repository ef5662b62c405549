"""What the terminal hears of the programs' logs, and how long a log may grow."""

import pytest

from antigravity import logs
from antigravity.logs import FollowedLog


@pytest.fixture
def said():
    return []


@pytest.fixture
def followed(tmp_path, said):
    log = FollowedLog("web", tmp_path / "web.log", said.append)
    log.path.write_text("an ERROR of the last start\n")
    log.skip_to_end()
    return log


def append(log: FollowedLog, text: str) -> None:
    with log.path.open("a") as file:
        file.write(text)
    log.look()


def test_new_error_is_said_and_old_ones_and_information_are_not(followed, said):
    append(followed, "[INFO] Booting worker\n[2026-05-09 10:00:00] [7] [ERROR] Exception in worker\n")
    assert said == ["! web: [2026-05-09 10:00:00] [7] [ERROR] Exception in worker"]


def test_series_of_errors_is_said_once(followed, said):
    append(followed, "ERROR one\nERROR two\n")
    append(followed, "ERROR three\n")
    assert said == ["! web: ERROR one"]


def test_database_that_is_starting_is_no_error(followed, said):
    append(followed, "FATAL:  the database system is starting up\n")
    assert said == []
    append(followed, "FATAL:  could not write: No space left on device\n")
    assert said == ["! web: FATAL:  could not write: No space left on device"]


def test_long_log_is_put_aside_and_begun_anew(followed, monkeypatch):
    monkeypatch.setattr(logs, "MOST_BYTES", 100)
    append(followed, "x" * 200 + "\n")
    assert followed.path.stat().st_size == 0
    assert "x" * 200 in followed.path.with_suffix(".log.1").read_text()
    append(followed, "after\n")
    assert followed.path.read_text() == "after\n"


def test_log_that_is_gone_stops_nothing(followed, said):
    followed.path.unlink()
    followed.look()
    assert said == [f"! web: its log cannot be read: [Errno 2] No such file or directory: '{followed.path}'"]


def test_tail_has_the_last_lines(followed):
    append(followed, "".join(f"line {number}\n" for number in range(40)))
    assert followed.tail(lines=2) == "line 38\nline 39"
