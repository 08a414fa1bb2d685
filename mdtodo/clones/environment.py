"""What a processor in a clone has of the environment of whoever called: what a command needs to start, and what
`pass_env` names. All else stays out, such as tokens, agents' sockets, and what git or mdtodo was told.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo.git.repository import LOCAL_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Variables that say where a version manager keeps its programs, and the folder of the home where they are if nothing
#: is said: with another home, the programs in PATH would not find them.
TOOL_FOLDERS = {
    b"ASDF_DATA_DIR": b".asdf",
    b"MISE_DATA_DIR": b".local/share/mise",
    b"NVM_DIR": b".nvm",
    b"PYENV_ROOT": b".pyenv",
    b"RBENV_ROOT": b".rbenv",
    b"RUSTUP_HOME": b".rustup",
    b"SDKMAN_DIR": b".sdkman",
    b"UV_PYTHON_INSTALL_DIR": b".local/share/uv/python",
    b"VOLTA_HOME": b".volta",
}

_PEOPLE = (b"HOME", b"LOGNAME", b"SHELL", b"USER")
_LANGUAGE = (
    b"COLORTERM",
    b"LANG",
    b"LANGUAGE",
    b"LOCALE_ARCHIVE",
    b"LOCPATH",
    b"TERM",
    b"TERMINFO",
    b"TZ",
    b"TZDIR",
)
#: Where certificates are, which in a company, and with nix, is another place than the system's.
CERTIFICATES = (
    b"CURL_CA_BUNDLE",
    b"NIX_SSL_CERT_FILE",
    b"NODE_EXTRA_CA_CERTS",
    b"REQUESTS_CA_BUNDLE",
    b"SSL_CERT_DIR",
    b"SSL_CERT_FILE",
)
#: Without these some programs do not start: libraries that are not the system's, nix, and the tools of macOS.
_START = (
    b"PATH",
    b"LD_LIBRARY_PATH",
    b"DYLD_FALLBACK_LIBRARY_PATH",
    b"DYLD_LIBRARY_PATH",
    b"NIX_LD",
    b"NIX_LD_LIBRARY_PATH",
    b"DEVELOPER_DIR",
    b"SDKROOT",
    b"__CF_USER_TEXT_ENCODING",
    b"JAVA_HOME",
)
_KEPT = frozenset((*_PEOPLE, *_LANGUAGE, *CERTIFICATES, *_START, *TOOL_FOLDERS))
#: What would lead git astray; it is never passed on, whoever names it.
_NEVER = frozenset(map(os.fsencode, LOCAL_VARIABLES))


def clone_environment(
    base: Mapping[bytes, bytes], passed: Sequence[str], *, home: str | None, temporary: str
) -> dict[bytes, bytes]:
    """The environment of a processor in a clone, out of that of whoever called.

    `passed` are further names, of `pass_env`; none of them brings what is git's or mdtodo's own. `home` stands in
    place of the real one, if given, and `temporary` is for temporary files.
    """
    wanted = {os.fsencode(name) for name in passed} - _NEVER
    made = {
        name: value
        for name, value in base.items()
        if name in _KEPT or name.startswith(b"LC_") or (name in wanted and not name.startswith(b"MDTODO_"))
    }
    if home is not None:
        made = tool_folders(base.get(b"HOME", b"")) | made | {b"HOME": os.fsencode(home)}
    return {**made, b"TMPDIR": os.fsencode(temporary)}


def tool_folders(home: bytes) -> dict[bytes, bytes]:
    """The version managers that there are in a home, as the variables that lead to them."""
    places = {name: os.path.join(home, folder) for name, folder in TOOL_FOLDERS.items()}
    return {name: place for name, place in places.items() if home and os.path.isdir(place)}
