"""Detects secrets in texts, with one table for environments, labels, commands, user data and functions.

A secret has a form of its own or a name beside it (`forms`, `names`), or it is what a program takes as an
argument: behind a flag that is named like a secret, or in a place that only that program has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .forms import has_secret_form, has_secret_value
from .names import Meaning, is_reference, is_secret_name, meaning

_MYSQL = frozenset({
    "mysql", "mysqldump", "mysqladmin", "mysqlimport", "mysqlshow", "mysqlcheck", "mariadb", "mariadb-dump",
    "mariadb-admin", "mariadb-check",
})  # fmt: skip
_LDAP = frozenset({
    "ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldapwhoami", "ldappasswd", "ldapcompare",
})  # fmt: skip
_REDIS = frozenset({"redis-cli", "valkey-cli", "keydb-cli"})
_RABBIT = frozenset({"rabbitmqctl"})
_MINIO = frozenset({"mc", "mcli"})
# With these a flag for a password has no value: they ask for it.
_ASKING = _MYSQL | frozenset({
    "psql", "pg_dump", "pg_dumpall", "pg_restore", "pg_basebackup", "pg_isready", "createdb", "dropdb", "createuser",
    "dropuser", "vacuumdb",
})  # fmt: skip
_GLUED = "glued"
_SHORT_FLAGS: tuple[tuple[str, frozenset[str], str], ...] = (
    ("-p", _MYSQL | {"7z", "7za", "7zz"}, _GLUED),
    ("-p", frozenset({"sshpass", "mongo", "mongosh", "mongodump", "mongorestore", "cqlsh", "login"}), ""),
    ("-a", _REDIS, ""),
    ("-w", _LDAP, ""),
    ("-s", frozenset({"ldappasswd"}), ""),
    ("-P", frozenset({"sqlcmd", "bcp", "tsql", "unzip", "zip", "mosquitto_pub", "mosquitto_sub"}), ""),
    ("-k", frozenset({"openssl"}), ""),
    *((flag, frozenset({"openssl"}), "pass:") for flag in ("-passin", "-passout", "-pass")),
    *((flag, frozenset({"curl"}), ":") for flag in ("-u", "-U", "--user", "--proxy-user")),
    ("--user", frozenset({"etcdctl"}), ":"),
    ("-a", frozenset({"http", "https"}), ":"),
    ("-U", frozenset({"smbclient"}), "%"),
)
"""Flag, programs that have it, and how the password follows: only in the same word, or in this or the next one, where
something is given behind a user and what ends it."""
_PASSWORD = "password"  # noqa: S105 - a name
_POSITIONS: dict[str, tuple[int, frozenset[str] | None]] = {
    "add_user": (2, _RABBIT),
    "change_password": (2, _RABBIT),
    "authenticate_user": (2, _RABBIT),
    "auth": (1, _REDIS),
    # Of MinIO's client: `alias set NAME URL USER PASSWORD`.
    "set": (4, _MINIO),
    "add": (4, _MINIO),
    "auth-pass": (2, None),
    **dict.fromkeys(
        ("requirepass", "masterauth", "primaryauth", "aws_secret_access_key", "aws_session_token"), (1, None)
    ),
}
"""Words of a command, how many words behind them a secret stands, and the programs that have it so, if not all."""
_PROGRAMS = frozenset({"htpasswd"}).union(*(programs for _, programs, _ in _SHORT_FLAGS), _ASKING, _RABBIT, _MINIO)
# What a shell puts in is one word; a text in quotes, and what stands in for it, are bounded.
_LEXER = re.compile(
    r"\$\([^()\n]{0,500}\)|`[^`\n]{0,500}`|\"(?:[^\"\\]|\\.){0,2000}\"|'[^']{0,2000}'|\\.|[^\s\"'\\;|&()`$]+|[\"'\\`$]"
    r"|(?P<gap>[ \t\r]+)|(?P<end>[;|&()\n]+)",
    re.DOTALL,
)
_WORTH = re.compile(
    r"(?:^|[\s\"'=])--?[A-Za-z]|requirepass|masterauth|aws_se|rabbitmqctl|htpasswd|redis-cli|valkey-cli|keydb-cli"
    r"|primaryauth|auth-pass|\bmc(?:li)? ",
    re.I,
)
_LONGEST_HTPASSWD = 100
"""More words than a command with `htpasswd` has; each of them would be compared with all before it."""
_COMMENT = re.compile(r"^[ \t]*#.*$", re.MULTILINE)


def has_secret(text: str, *, is_code: bool = False, members: bool = True) -> bool:
    """Whether a text holds a secret; see `has_secret_value` for `is_code` and `members`."""
    if has_secret_form(text) or has_secret_value(text, is_code=is_code, members=members):
        return True
    return _WORTH.search(text) is not None and _is_in_shell(_Command(), _COMMENT.sub("", text) if is_code else text)


def secret_words(words: Sequence[str]) -> set[int]:
    """Return the places of the words of a command that hold a secret, by themselves or beside others."""
    command = _Command()
    places: set[int] = set()
    for place, word in enumerate(words):
        if any(map(str.isspace, word)):
            # A shell's commands, or a text that nothing splits.
            is_argument = _is_in_shell(command, word) if command.due or _WORTH.search(word) else False
        else:
            is_argument = _takes(command, word)
        if is_argument or has_secret_form(word) or has_secret_value(word):
            places.add(place)
    return places


@dataclass
class _Command:
    """The state of reading one command."""

    programs: set[str] = field(default_factory=set[str])
    words: list[str] = field(default_factory=list[str])
    due: dict[int, tuple[str, str]] = field(default_factory=dict[int, "tuple[str, str]"])
    """Number of a word that is a secret, and what says it: the name of its flag, and what ends the user before it."""


def _is_in_shell(command: _Command, text: str) -> bool:
    """Whether a program takes a secret in the commands of a shell, the first of which may have begun before."""
    for word in _split(text):
        if word is None:
            command = _Command()
        elif _takes(command, word):
            return True
    return False


def _split(text: str) -> Iterator[str | None]:
    """Yield the words of a shell's commands, `None` where one ends. Quotes are left out."""
    word: str | None = None
    for token in _LEXER.finditer(text.replace("\\\n", " ")):
        part = token[0]
        if token.lastgroup is None:
            word = (word or "") + (part[1:-1] if part[0] in "\"'" and len(part) > 1 else part)
            continue
        if word is not None:
            yield word
        word = None
        if token.lastgroup == "end":
            yield None
    if word is not None:
        yield word


def _takes(command: _Command, word: str) -> bool:
    """Read one word of a command; say whether it is a secret."""
    at = len(command.words)
    command.words.append(word)
    due = command.due.pop(at, None)
    if due is not None and not word.startswith("-"):
        return _is_secret(word, *due)
    program = word.rpartition("/")[2]
    if program in _PROGRAMS:
        command.programs.add(program)
    if not word.startswith("-"):
        behind, programs = _POSITIONS.get(word.lower(), (0, None))
        if behind and (programs is None or command.programs & programs):
            command.due[at + behind] = (_PASSWORD, "")
        return _is_last_of_htpasswd(command)
    flag = word.lstrip("-")
    if (
        len(word) > 3
        and "=" not in flag
        and (is_secret_name(flag) or flag == "encrypt")
        and not command.programs & _ASKING
    ):
        command.due[at + 1] = (flag, "")
    return any(_follows(command, at, *each) for each in _SHORT_FLAGS if command.programs & each[1])


def _follows(command: _Command, at: int, flag: str, _: frozenset[str], ends: str) -> bool:
    """Say whether a word is a flag with a secret in it; note where it stands otherwise."""
    word = command.words[at]
    is_last_letter = "curl" in command.programs and len(flag) == 2 and re.fullmatch(rf"-[A-Za-z]+{flag[1]}", word)
    if word == flag or is_last_letter:
        if ends != _GLUED:
            command.due[at + 1] = (_PASSWORD, ends)
        return False
    if not word.startswith(f"{flag}=" if flag.startswith("--") else flag):
        return False
    return _is_secret(word[len(flag) :].removeprefix("="), _PASSWORD, ends.removeprefix(_GLUED))


def _is_secret(word: str, name: str, ends: str) -> bool:
    secret = word.partition(ends)[2] if ends else word
    return secret.lower() != name.lower() and meaning(name, secret) is Meaning.SECRET


def _is_last_of_htpasswd(command: _Command) -> bool:
    if "htpasswd" not in command.programs or len(command.words) > _LONGEST_HTPASSWD:
        return False
    flags = "".join(word for word in command.words if re.fullmatch(r"-[A-Za-z]+", word))
    arguments = [word.rpartition("/")[2] for word in command.words if not word.startswith("-")]
    behind = arguments[arguments.index("htpasswd") + 1 :]
    # A user and its password, behind a file where one is written.
    return "b" in flags and len(behind) == (2 if "n" in flags else 3) and not is_reference(command.words[-1])
