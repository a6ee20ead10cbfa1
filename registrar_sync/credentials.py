"""Credentials: references resolved, and what is missing named.

References: ``env:NAME``, ``file:/path``; anything else is the value itself (the catalog has refused literal values from files
that others can read).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from registrar_sync.errors import ConfigInvalid, CredentialsMissing

# A file that never ends (/dev/zero) must not be read to its end; the longest credential in use is a JSON key of 3 kB.
_LONGEST_FILE = 65536


class Option(Protocol):
    """One option of a provider, as the catalog declares it. ``help``: a line that says where to get it."""

    @property
    def required(self) -> bool: ...
    @property
    def default(self) -> str | None: ...
    @property
    def help(self) -> str: ...
    @property
    def secret(self) -> bool: ...


class Credentials:
    """Where secrets come from (``ports.Secrets``). ``warnings``: what was noticed on the way, also told to ``warn``."""

    def __init__(self, environ: Mapping[str, str] = os.environ, *, warn: Callable[[str], None] | None = None) -> None:
        self._environ = environ
        self._warn = warn
        self.warnings: list[str] = []

    def resolve(self, reference: str) -> str | None:
        """The value that ``reference`` stands for; None where it is not set: no such variable or file, or an empty one.

        Raises ``CredentialsMissing`` for a file that is there and cannot be used, ``ConfigInvalid`` for a kind of reference
        that is not known here.
        """
        kind, colon, name = reference.partition(":")
        if colon and kind == "env":
            return self._environ.get(name) or None
        if colon and kind == "file":
            return self._from_file(Path(name))
        if colon and kind in ("keyring", "command"):
            raise ConfigInvalid(
                f"A credential is given as {kind}:..., which this version cannot read. Nothing was changed.",
                hint="Give it as env:NAME or file:/path.",
            )
        return reference

    def _from_file(self, path: Path) -> str | None:
        try:
            with path.expanduser().open("rb") as stream:
                mode = os.fstat(stream.fileno()).st_mode
                data = stream.read(_LONGEST_FILE + 1)
            value = data.decode("utf-8").rstrip("\r\n")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RuntimeError) as error:
            raise _unreadable(path, _reason(error)) from None
        if len(data) > _LONGEST_FILE:
            raise _unreadable(path, f"it is longer than {_LONGEST_FILE} bytes")
        self._warn_of_readers(path, mode)
        return value or None

    def _warn_of_readers(self, path: Path, mode: int) -> None:
        # a pipe (file:/dev/fd/3) has no readers but us
        if not stat.S_ISREG(mode) or not mode & (stat.S_IRGRP | stat.S_IROTH):
            return
        warning = f"The credentials file {path} can be read by others; chmod 600 {path} keeps it to its owner."
        self.warnings.append(warning)
        if self._warn is not None:
            self._warn(warning)


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        # its own text would quote the secret's bytes
        return "it is not UTF-8 text"
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _unreadable(path: Path, why: str) -> CredentialsMissing:
    return CredentialsMissing(
        f"The credentials file {path} cannot be used: {why}. Nothing was changed.",
        hint="Put the value, on one line, into a file that this user can read.",
    )


def resolve_account(
    options: Mapping[str, Option],
    references: Mapping[str, str],
    provider_name: str,
    environ: Mapping[str, str],
    *,
    lexicon_names: bool | None = None,
    warn: Callable[[str], None] | None = None,
) -> dict[str, str]:
    """An account's options by name: each from its reference, else from lexicon's own variable, else its default.

    ``provider_name``: lexicon's name of the provider, which its variables carry. ``lexicon_names``: whether those variables
    count: True for a provider that is an account of its own name. None: only where the account gives no reference at all,
    so that one account never borrows a key of another. A reference that resolves to nothing never falls back to a default.

    Raises ``CredentialsMissing`` with every option that is missing, each with its help text.
    """
    credentials = Credentials(environ, warn=warn)
    from_environment = not references if lexicon_names is None else lexicon_names
    values: dict[str, str] = {}
    missing: list[str] = []
    for name, option in options.items():
        reference = references.get(name)
        if reference is not None:
            value = credentials.resolve(reference)
        else:
            value = lexicon_variable(environ, provider_name, name) if from_environment else None
            value = value or option.default
        if value is not None:
            values[name] = value
        elif option.required or reference is not None:
            wanted = reference or (lexicon_variable_name(provider_name, name) if from_environment else name)
            missing.append(f"{_told(wanted)}: {option.help}".removesuffix(": "))
    if missing:
        raise _missing(provider_name, missing)
    return values


def lexicon_variable_name(provider_name: str, option: str) -> str:
    """The variable that lexicon reads for an option (lexicon/config.py, EnvironmentConfigSource, 3.25.2).

    >>> lexicon_variable_name("ovh", "auth_application_key")
    'LEXICON_OVH_AUTH_APPLICATION_KEY'
    """
    return f"LEXICON_{provider_name}_{option}".replace("-", "_").upper()


def lexicon_variable(environ: Mapping[str, str], provider_name: str, option: str) -> str | None:
    """The option's value from lexicon's variable, or from its old spelling without ``AUTH_``; an empty one is not set."""
    name = lexicon_variable_name(provider_name, option)
    legacy = re.sub(r"(.*)_AUTH_(.*)", r"\1_\2", name)
    return environ.get(name) or environ.get(legacy) or None


def _told(reference: str) -> str:
    return reference.removeprefix("env:")


def _missing(provider_name: str, missing: list[str]) -> CredentialsMissing:
    listed = "\n".join(f"  {line}" for line in missing)
    return CredentialsMissing(
        f"Credentials for {provider_name} are not set. Nothing was asked of the provider or changed. Missing:\n{listed}",
        hint=f"Set them, then run the command again; registrar-sync providers show {provider_name} tells where to get them.",
    )
