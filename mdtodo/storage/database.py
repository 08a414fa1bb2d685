"""One SQLite file that many processes of one machine write: the door to sqlite3.

WAL mode; writers take turns by `BEGIN IMMEDIATE` with a short backoff, since SQLite's own busy handler
starves some of many. A damaged file is set aside and made anew, by one process only.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from mdtodo.errors import MdtodoError
from mdtodo.system.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

T = TypeVar("T")

#: Seconds to wait for other writers before giving up.
PATIENCE = 30.0
#: Seconds between two attempts, at first and at last: fifty who tried as often as eight may would leave no time to the
#: one who has the lock.
PAUSE, LONGEST_PAUSE = 0.0005, 0.008


class Database:
    """An open file. One for each process: a connection must not be carried across a fork.

    Every method raises MdtodoError, with SQLite's words, where the file cannot be read or written.
    """

    def __init__(self, connection: sqlite3.Connection, path: str, warnings: tuple[str, ...] = ()) -> None:
        self._connection = connection
        self.path = path
        self.warnings = warnings
        self.is_new = False
        self._schema: str | None = None

    @classmethod
    def open(
        cls, path: str, schema: str, version: int, upgrades: Mapping[int, str] | None = None
    ) -> Database:
        """The file at `path`, made with `schema` if it is not there, in a folder for its owner alone.

        `upgrades`: a statement for each older version, which makes the next one of it. `warnings` says if a
        damaged one was set aside.
        """
        upgrades = upgrades or {}
        with _sentences(path):
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            warnings: tuple[str, ...] = ()
            if not _sound(path, schema, upgrades):
                warnings = _set_aside(path, schema, upgrades)
            connection = sqlite3.connect(path, timeout=0.0, isolation_level=None)
            _patiently(lambda: connection.execute("PRAGMA journal_mode = WAL").fetchall(), path)
            _patiently(lambda: connection.execute("PRAGMA synchronous = NORMAL"), path)
            database = cls(connection, path, warnings)
            database._make(schema, version, upgrades)
            return database

    @classmethod
    def open_to_read(
        cls, path: str, schema: str, version: int, upgrades: Mapping[int, str] | None = None
    ) -> Database:
        """The file as it is, nothing made or changed. One that is missing, or not as we write it, reads as
        empty; of one of an older version only what it does not have yet.
        """
        try:
            connection = sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True, isolation_level=None)
        except sqlite3.OperationalError:
            return cls(_empty(schema), path)
        database = cls(connection, path)
        database._schema = schema
        if not database._read_as(version, upgrades or {}):
            database._become_empty(schema)
        return database

    def close(self) -> None:
        """Close it; what was written stays."""
        self._connection.close()

    def read(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows."""
        with _sentences(self.path):
            try:
                return _patiently(lambda: self._connection.execute(query, values).fetchall(), self.path)
            except sqlite3.DatabaseError:
                if self._schema is None:
                    raise
                self._become_empty(self._schema)
                return self._connection.execute(query, values).fetchall()

    def sync(self) -> None:
        """Wait until the disk has what was written so far, so that not even a power cut can take it back.

        In WAL mode a FULL commit syncs the log, and with it every earlier transaction.
        """
        with _sentences(self.path):
            _patiently(lambda: self._connection.execute("PRAGMA synchronous = FULL"), self.path)
        try:
            with self.writing("sync") as connection:
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                connection.execute(f"PRAGMA user_version = {version}")
        finally:
            _patiently(lambda: self._connection.execute("PRAGMA synchronous = NORMAL"), self.path)

    @contextmanager
    def beside(self, path: str) -> Iterator[None]:
        """In this context the tables of the database at `path` can be read as those of `other`."""
        with _sentences(path):
            self._connection.execute("ATTACH ? AS other", (path,))
        try:
            yield
        finally:
            self._connection.execute("DETACH other")

    def compact(self) -> None:
        """Give the disk back what deleted rows took."""
        with _sentences(self.path):
            _patiently(lambda: self._connection.execute("VACUUM"), self.path)
            _patiently(
                lambda: self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall(), self.path
            )

    @contextmanager
    def writing(self, what: str) -> Iterator[sqlite3.Connection]:
        """A transaction that no other writer is in. It outlives the process from here on, a power cut only
        after `sync`. `what` names its two fault points. Within another one it is a part of that, and without them."""
        connection = self._connection
        within = connection.in_transaction
        if within:
            yield connection
            return
        with _sentences(self.path):
            _patiently(lambda: connection.execute("BEGIN IMMEDIATE"), self.path)
            try:
                yield connection
                failpoint(f"{what}.written")
                _patiently(lambda: connection.execute("COMMIT"), self.path)
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        failpoint(f"{what}.kept")

    def _make(self, schema: str, version: int, upgrades: Mapping[int, str]) -> None:
        if (found := self._version()) == version:
            return
        if 0 < found < version:
            _back_up(self._connection, self.path, found)
        with self.writing("schema") as connection:
            found = self._version()
            if found > version:
                raise MdtodoError("was written by a newer mdtodo", file=self.path, hint="update mdtodo")
            if found == 0:
                for statement in schema.split(";\n"):
                    connection.execute(statement)
                self.is_new = True
            for older in range(found or version, version):
                connection.execute(upgrades[older])
            if found < version:
                connection.execute(f"PRAGMA user_version = {version}")

    def _read_as(self, version: int, upgrades: Mapping[int, str]) -> bool:
        """Whether it can be read as one of that version: tables that an older one lacks are there, and empty."""
        found = self._version()
        missing = [upgrades.get(older, "") for older in range(found or version, version)]
        if found > version or not all(one.startswith(_TABLE) for one in missing):
            return False
        for statement in missing:  # what is temporary is not in the file
            self._connection.execute(statement.replace(_TABLE, "CREATE TEMP TABLE ", 1))
        return True

    def _become_empty(self, schema: str) -> None:
        """Go on as if there were nothing in it: for those who only read, and must not repair."""
        self._connection.close()
        self._connection, self._schema = _empty(schema), None

    def _version(self) -> int:
        return int(self.read("PRAGMA user_version")[0][0])


def problem_of(path: str, schema: str, version: int, upgrades: Mapping[int, str]) -> str | None:
    """Why the file at `path` cannot be opened as one of ours, in words; None where it can. SQLite may write beside
    it."""
    with _sentences(path):
        if not _sound(path, schema, upgrades):
            return "is no state of mdtodo, or is damaged"
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        finally:
            connection.close()
    if found > version:
        return "was written by a newer mdtodo"
    return "is empty" if found == 0 else None


def damage(path: str) -> str | None:
    """What SQLite finds wrong with the file at `path`, which it only reads; None for nothing."""
    with _sentences(path):
        connection = sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True, isolation_level=None)
        try:
            rows = _patiently(lambda: connection.execute("PRAGMA quick_check(1)").fetchall(), path)
        except sqlite3.DatabaseError as error:
            if _code(error) in _DAMAGED:
                return str(error)
            raise
        finally:
            connection.close()
    return None if rows == [("ok",)] else str(rows[0][0])


def write_copy(path: str, target: str, notes: Mapping[str, str]) -> None:
    """Write the file at `path` as it is at one moment to `target`, whole or not at all, while others go on writing: a
    file by itself, for its owner alone, with `notes` in a table of that name.

    Raises MdtodoError where the one cannot be read, or the other not written: that one is as it was then.
    """
    if (found := damage(path)) is not None:
        raise MdtodoError(f"the state is damaged: {found}", file=path)
    with _sentences(path):
        connection = sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True, isolation_level=None)
        try:
            with _sentences(target, "the backup cannot be written"):
                _copy(connection, path, target, notes)
        finally:
            connection.close()


def is_copy(path: str) -> bool:
    """Whether a file is one that `write_copy` has made, as its notes say."""
    connection = sqlite3.connect(f"file:{_quoted(path)}?mode=ro&immutable=1", uri=True, isolation_level=None)
    try:
        return bool(connection.execute("SELECT 1 FROM notes WHERE name = 'mdtodo'").fetchall())
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()


def _back_up(connection: sqlite3.Connection, path: str, version: int) -> None:
    """Keep the file as that version wrote it, `<path>.version-<n>`, whole or not at all, before it becomes one of a
    newer version; of several processes that do so at once the last one's stays."""
    with _sentences(path):
        _copy(connection, path, f"{path}.version-{version}")


def _copy(
    connection: sqlite3.Connection, path: str, target: str, notes: Mapping[str, str] | None = None
) -> None:
    """By SQLite's own backup, under another name until it is whole."""
    part = f"{target}.part-{os.getpid()}"
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        copy = sqlite3.connect(part, isolation_level=None)
        try:
            _patiently(lambda: connection.backup(copy), path)
            # in WAL mode it would be one file only as long as nobody opens it
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()
            if notes is not None:
                _write_notes(copy, notes)
        finally:
            copy.close()
        failpoint("backup.written")
        os.replace(part, target)
    finally:
        for left in (part, f"{part}-journal", f"{part}-wal", f"{part}-shm"):
            with suppress(FileNotFoundError):
                os.unlink(left)


def _write_notes(copy: sqlite3.Connection, notes: Mapping[str, str]) -> None:
    copy.execute("BEGIN")
    copy.execute("DROP TABLE IF EXISTS notes")  # of a state that was restored from a copy
    copy.execute("CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
    copy.executemany("INSERT INTO notes VALUES (?, ?)", notes.items())
    copy.execute("COMMIT")


def _quoted(path: str) -> str:
    """As a URI has it; urllib takes long to import."""
    return "".join(f"%{byte:02x}" for byte in os.fsencode(path))


def _empty(schema: str) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(schema)
    return connection


_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TABLE = "CREATE TABLE "


def _tables(statements: str) -> set[str]:
    return {one.partition("(")[0].strip() for one in statements.split(_TABLE)[1:]}


def _sound(path: str, schema: str, upgrades: Mapping[int, str]) -> bool:
    """Whether there is nothing yet, or a file that SQLite can make sense of, and that is one of ours."""
    if os.path.isdir(path):
        return False
    connection = sqlite3.connect(path, timeout=0.0, isolation_level=None)
    try:
        # all of it: a file is locked as a whole while another process makes it one that many may write
        rows, known, used = _patiently(lambda: _looked_through(connection), path)
    except sqlite3.DatabaseError as error:
        if _code(error) in _DAMAGED:
            return False
        raise
    finally:
        connection.close()
    later = ";".join(statement for older, statement in upgrades.items() if older >= used)
    return rows == [("ok",)] and (known >= _tables(schema) - _tables(later) if used else not known)


def _looked_through(connection: sqlite3.Connection) -> tuple[list[tuple[str]], set[str], int]:
    """What SQLite says of the file, its tables, and its version."""
    rows = connection.execute("PRAGMA quick_check(1)").fetchall()
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return rows, {name for (name,) in names}, int(connection.execute("PRAGMA user_version").fetchone()[0])


def _set_aside(path: str, schema: str, upgrades: Mapping[int, str]) -> tuple[str, ...]:
    """Rename the damaged file, unless another process has done so since; a sentence that says so."""
    import fcntl

    with open(path + ".lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _sound(path, schema, upgrades):
            return ()
        aside = f"{path}.damaged-{time.time_ns()}"
        os.rename(path, aside)
        for suffix in ("-wal", "-shm"):
            if os.path.exists(path + suffix):
                os.rename(path + suffix, aside + suffix)
    return (f"{path} was damaged; it is kept as {os.path.basename(aside)}, and a new one was created",)


def _patiently(action: Callable[[], T], path: str) -> T:
    """What `action` gives, tried again while other processes are in its way."""
    deadline, pause = time.monotonic() + PATIENCE, PAUSE
    while True:
        try:
            return action()
        except sqlite3.OperationalError as error:
            if _code(error) not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            if time.monotonic() > deadline:
                raise MdtodoError(
                    f"other processes kept it locked for {PATIENCE:.0f} s", file=path
                ) from error
        time.sleep(pause * (0.5 + time.monotonic_ns() % 997 / 997))  # not all at the same moment
        pause = min(1.2 * pause, LONGEST_PAUSE)


_ADVICE = {
    sqlite3.SQLITE_FULL: "free some disk space; nothing that was already recorded is lost",
    **dict.fromkeys(
        _DAMAGED,
        "you can delete it: only history, and results that have not landed yet, are lost",
    ),
}


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


@contextmanager
def _sentences(path: str, what: str = "") -> Iterator[None]:
    """Turn what SQLite and the disk say into a sentence; `what` begins it, where that is not the state."""
    try:
        yield
    except sqlite3.Error as error:
        said = what or "the state cannot be read or written"
        hint = None if what else _ADVICE.get(_code(error))
        raise MdtodoError(f"{said}: {error}", file=path, hint=hint) from error
    except OSError as error:
        raise MdtodoError(f"{what or 'the state cannot be saved'}: {error.strerror}", file=path) from error
