"""Statements that a run carries out again and again: in a file they go to SQLite as they are.

SQLAlchemy prepares, runs and reads one in about 30 microseconds, of which SQLite itself needs three. A domain of a run takes
some twenty statements, so for these few it is worth to have SQLAlchemy write the SQL once, and convert values as it would.
On a server, where a round trip costs more than all of that, it carries them out itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Insert, Select
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

_DIALECT = SQLiteDialect_pysqlite(paramstyle="named")

Convert = Callable[[Any], Any]


class Prepared:
    """A statement, whose parameters are named by ``bindparam``, or an ``insert`` of a whole row, but for an ``id`` that the
    database gives. Every column of a ``Select`` needs a name of its own."""

    def __init__(self, statement: Select[Any] | UpdateBase) -> None:
        self.statement = statement

    def all(self, connection: Connection, **values: Any) -> Sequence[Mapping[str, Any]]:
        """The rows of a ``Select``."""
        driver = _driver(connection)
        if driver is None:
            return [row._asdict() for row in connection.execute(self.statement, values)]
        rows = driver.execute(self._sql.string, self._plain(values)).fetchall()
        if not rows:
            return rows
        return [
            {name: convert(value) if convert else value for (name, convert), value in zip(self._columns, row, strict=True)}
            for row in rows
        ]

    def one(self, connection: Connection, **values: Any) -> Mapping[str, Any] | None:
        """The only row of a ``Select``, or None."""
        rows = self.all(connection, **values)
        return rows[0] if rows else None

    def change(self, connection: Connection, **values: Any) -> int:
        """Insert, update or delete; how many rows."""
        driver = _driver(connection)
        if driver is None:
            return connection.execute(self.statement, values).rowcount
        return driver.execute(self._sql.string, self._plain(values)).rowcount

    def add(self, connection: Connection, **values: Any) -> int:
        """Insert a row; the number that the database gave it."""
        driver = _driver(connection)
        if driver is None:
            key = connection.execute(self.statement, values).inserted_primary_key
            assert key is not None
            return int(key[0])
        number = driver.execute(self._sql.string, self._plain(values)).lastrowid
        assert number is not None
        return number

    @cached_property
    def _sql(self) -> SQLCompiler:
        keys = (
            [column.key for column in self.statement.table.c if column.key != "id"]
            if isinstance(self.statement, Insert)
            else None
        )
        compiled = self.statement.compile(dialect=_DIALECT, column_keys=keys)
        assert isinstance(compiled, SQLCompiler)
        return compiled

    @cached_property
    def _usual(self) -> Mapping[str, Any]:
        """What each parameter is when nothing is given."""
        usual: Mapping[str, Any] = self._sql.params
        return usual

    @cached_property
    def _conversions(self) -> list[tuple[str, Convert]]:
        """How a value becomes SQLite's, of the parameters that it is not so already."""
        kinds = ((name, _kind(bind.type).bind_processor(_DIALECT)) for bind, name in self._sql.bind_names.items())
        return [(name, convert) for name, convert in kinds if convert is not None]

    @cached_property
    def _columns(self) -> list[tuple[str, Convert | None]]:
        assert isinstance(self.statement, Select)
        columns = self.statement.selected_columns
        return [(str(column.key), _kind(column.type).result_processor(_DIALECT, None)) for column in columns]

    def _plain(self, values: Mapping[str, Any]) -> dict[str, Any]:
        plain = {**self._usual, **values}
        for name, convert in self._conversions:
            plain[name] = convert(plain[name])
        return plain


def say(connection: Connection, sql: str) -> None:
    """A statement without parameters."""
    driver = _driver(connection)
    if driver is None:
        connection.exec_driver_sql(sql)
    else:
        driver.execute(sql)


def commit(connection: Connection) -> None:
    """End the transaction: it is on disk. Where SQLAlchemy itself carried nothing out, it need not be told."""
    if connection.in_transaction():
        connection.commit()
    else:
        say(connection, "COMMIT")


def _driver(connection: Connection) -> sqlite3.Connection | None:
    driver = connection.connection.dbapi_connection
    return driver if isinstance(driver, sqlite3.Connection) else None


def _kind(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    return type_.dialect_impl(_DIALECT)
