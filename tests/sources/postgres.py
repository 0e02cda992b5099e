"""A PostgreSQL server of the tests' own, started and stopped by them."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "canary-3f9d"
_NO_DISK = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]


@dataclass(frozen=True)
class Server:
    """Where the server listens, on this machine alone."""

    folder: str
    port: int

    def url(self, *, user="researcher", password=PASSWORD, options=""):
        host = f"127.0.0.1:{self.port}"
        return f"postgresql://{user}:{password}@{host}/market{options}"

    @contextmanager
    def connected(self, user="postgres"):
        """A plain psycopg connection of the owner, committing each statement."""
        import psycopg

        where = {"host": "127.0.0.1", "port": self.port, "dbname": "market"}
        secret = {"user": user, "password": PASSWORD}
        with psycopg.connect(**where, **secret, autocommit=True) as connection:
            yield connection


def binaries():
    """The folder of initdb and pg_ctl, or None where no server is installed."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    whole = (place for place in places if (place / "pg_ctl").exists())
    return next(whole, None)


@contextmanager
def running_server():
    """Start a server in a folder of its own, and stop it; yields where it is."""
    folder = tempfile.mkdtemp(prefix="ak-pg-", dir="/tmp")  # sockets want short paths
    run = _runner(folder)
    secret = Path(folder, "secret")
    secret.write_text(PASSWORD)
    _give_away(folder)
    data, server = f"{folder}/data", Server(folder, _free_port())
    run(
        "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "scram-sha-256",
        f"--pwfile={secret}",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    )
    settings = ["listen_addresses=127.0.0.1", f"unix_socket_directories={folder}"]
    options = " ".join(f"-c {each}" for each in [*settings, *_NO_DISK])
    run(
        "pg_ctl",
        "-D",
        data,
        "-w",
        "-l",
        f"{folder}/log",
        "-o",
        f"-p {server.port} {options}",
        "start",
    )
    try:
        _create_market(server)
        yield server
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _create_market(server):
    import psycopg

    where = {"host": "127.0.0.1", "port": server.port, "password": PASSWORD}
    with psycopg.connect(**where, user="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE ROLE researcher LOGIN PASSWORD '{PASSWORD}'")
        connection.execute("CREATE DATABASE market")
    with server.connected() as connection:
        connection.execute(
            "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO researcher"
        )


def _runner(folder):
    owner = _owner()
    place = binaries()

    def run(program, *words):
        done = subprocess.run(
            [place / program, *words],
            user=owner,
            cwd=folder,
            timeout=60,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        )
        assert done.returncode == 0, done.stderr

    return run


def _owner():
    """Whom the server runs as: it refuses root."""
    return "postgres" if os.geteuid() == 0 else None


def can_run():
    """Tell whether a server can be started, and if not, why."""
    if binaries() is None:
        return "no PostgreSQL server is installed: SQL IS NOT TESTED HERE"
    if os.geteuid() == 0 and "postgres" not in {
        each.pw_name for each in pwd.getpwall()
    }:
        return "root has no user postgres to run the server: SQL IS NOT TESTED HERE"
    return None


def _give_away(folder):
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        for path in (folder, *Path(folder).iterdir()):
            os.chown(path, owner.pw_uid, owner.pw_gid)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
