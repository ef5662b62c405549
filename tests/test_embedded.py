"""The embedded services: roles and rights, passwords for their owner's eyes only, a start after a crash."""

import os
import shutil
import stat

import psycopg
import pytest
import redis

from antigravity.embedded import Postgres
from antigravity.place import EmbeddedError, Place, free_port, is_free
from tests.servers import Child, Services

pytestmark = pytest.mark.xdist_group("embedded")


@pytest.fixture(scope="module")
def services():
    own = Services()
    try:
        own.start()
        yield own
    finally:
        own.stop()


def test_owner_makes_tables_and_runtime_role_only_writes_rows(services):
    with psycopg.connect(services.owner_url) as owner:
        owner.execute("CREATE TABLE note (id serial PRIMARY KEY, body text, place vector(3))")
    with psycopg.connect(services.runtime_url, autocommit=True) as runtime:
        runtime.execute("INSERT INTO note (body, place) VALUES ('one', '[1,2,3]')")
        assert runtime.execute("SELECT body FROM note").fetchall() == [("one",)]
        for statement in ("CREATE TABLE other ()", "DROP TABLE note", "TRUNCATE note"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                runtime.execute(statement)
    with psycopg.connect(services.owner_url) as owner:
        owner.execute("DROP TABLE note")


def test_new_databases_have_the_extensions(services):
    with psycopg.connect(services.owner_url, autocommit=True) as owner:
        owner.execute("CREATE DATABASE second")
    with psycopg.connect(services.owner_url.rsplit("/", 1)[0] + "/second") as second:
        names = {name for (name,) in second.execute("SELECT extname FROM pg_extension")}
    assert {"vector", "pg_trgm", "unaccent"} <= names


def test_servers_refuse_a_wrong_password(services):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(services.owner_url.replace("antigravity_owner:", "antigravity_owner:x"))
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(services.redis_url.replace("redis://:", "redis://:x")).ping()


def test_passwords_lie_in_files_of_their_owner_only(services):
    place = services.postgres.service.place
    for path in (place.state_file, services.valkey.service.folder / "valkey.conf"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for command in (services.postgres.service.command(), services.valkey.service.command()):
        assert not any(services.postgres.service.password("postgres") in part for part in command)


def test_postgres_starts_again_after_a_kill_with_its_data(services):
    with psycopg.connect(services.owner_url) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    killed = services.postgres.pid
    services.postgres.restart_hard()
    assert services.postgres.pid != killed
    with psycopg.connect(services.owner_url) as owner:
        assert owner.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_valkey_keeps_what_was_written_over_a_kill(services):
    services.redis().set("kept", "yes")
    services.redis().execute_command("WAITAOF", 1, 0, 5000)
    killed = services.valkey.pid
    services.valkey.restart_hard()
    assert services.valkey.pid != killed
    assert services.redis().get("kept") == b"yes"


def test_orphaned_server_is_stopped_and_the_next_takes_its_place():
    own, said = Services(), []
    try:
        own.start()
        orphan = own.postgres.process
        own.postgres.service.place.say = said.append
        own.postgres.service.prepare()
        assert orphan.wait(30) is not None
        assert said == [f"PostgreSQL still ran from an earlier start (process {orphan.pid}): stopped it"]
        own.postgres.start()
        assert own.postgres.pid != orphan.pid
    finally:
        own.stop()


def test_half_finished_data_folder_is_made_anew():
    own = Services()
    try:
        place = own.postgres.service.place
        unfinished = place.folder / "postgres.unfinished"
        unfinished.mkdir()
        (unfinished / "PG_VERSION").write_text("18\n")
        own.start()
        with psycopg.connect(own.owner_url) as owner:
            assert owner.execute("SELECT 1").fetchone() == (1,)
        assert not unfinished.exists()
    finally:
        own.stop()


def test_taken_port_is_given_up_for_a_free_one():
    own = Services()
    try:
        postgres = own.postgres.service
        first = postgres.port
        blocker = Child(own.valkey.service)
        own.valkey.service.place.remember("valkey_port", first)
        own.valkey.service.prepare()
        blocker.start()
        postgres.prepare()
        assert postgres.port != first
        assert is_free(postgres.port)
        blocker.stop()
    finally:
        own.stop()


def test_data_of_another_postgresql_release_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "embedded" / "postgres").mkdir(parents=True)
    (tmp_path / "embedded" / "state.json").touch()
    (tmp_path / "embedded" / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 17, this is 18: dump it"):
        Postgres(Place(tmp_path / "embedded", None)).prepare()


def test_data_lies_where_its_account_can_reach_it(tmp_path):
    tmp_path.chmod(0o700)
    said = []
    place = Place.under(tmp_path, say=said.append)
    try:
        assert place.is_reachable(place.folder)
        assert (tmp_path / "embedded").resolve() == place.folder
        if os.geteuid() == 0:  # root's own folders are closed to the service account
            assert place.folder.is_relative_to("/var/lib/antigravity")
            lies = (
                f"The account antigravity cannot reach {tmp_path}: the embedded data lies in {place.folder}"
            )
            assert said == [lies]
        assert Place.under(tmp_path, say=said.append).folder == place.folder
        assert len(said) <= 1
    finally:
        shutil.rmtree(place.folder)


def test_free_port_is_free_and_below_the_ephemeral_range():
    port = free_port()
    assert 20_000 <= port < 32_000
    assert is_free(port)
