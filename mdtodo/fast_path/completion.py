"""What a shell asks for when somebody types TAB: commands, options, and the values of options, as the whole program
answers. It has them from a table, `completion.txt`; what depends on the repository, and each call that is not sure, is
for the whole program."""

import os

_TABLE = os.path.join(os.path.dirname(__file__), "completion.txt")

#: In what a shell sends: what may be quoted, and white space that only some programs part words by.
_UNSURE = frozenset("'\"\\\v\f\x1c\x1d\x1e\x1f")


class _Option:
    """`kind`: what its value is completed by, as in the table."""

    __slots__ = ("help", "kind", "names", "often")

    def __init__(self, names: str, kind: str, often: str, help_: str) -> None:
        self.names = names.split()
        self.kind = kind
        self.often = often
        self.help = help_


class _Command:
    """A command of the table, or a group of them."""

    __slots__ = ("argument", "commands", "options")

    def __init__(self, lines: list[str]) -> None:
        self.argument: list[str] = []
        self.commands: list[list[str]] = []
        self.options: list[_Option] = []
        for line in lines:
            what, *cells = line.split("\t")
            if what == "option":
                self.options.append(_Option(*cells))
            elif what == "command":
                self.commands.append(cells)
            else:
                self.argument = cells

    def option(self, name: str) -> _Option | None:
        """The one that is called so."""
        return next((one for one in self.options if name in one.names), None)


class _UnsureError(Exception):
    """The whole program has to answer."""


class _Call:
    """The words before the one that is being typed, read as far as they go."""

    def __init__(self, words: list[str]) -> None:
        with open(_TABLE, encoding="utf-8") as file:
            self._table = file.read()
        self._path = ""
        self.command = self._section("")
        self.given: list[_Option] = []
        self.positional = 0
        #: The option at the end, whose value is being typed.
        self.open: _Option | None = None
        self._rest = words[::-1]
        while self._rest:
            self._read(self._rest.pop())

    def _section(self, path: str) -> _Command:
        head = f"\n[{path}]\n"
        at = self._table.find(head)
        if at < 0:
            raise _UnsureError
        at += len(head)
        end = self._table.find("\n[", at - 1)
        return _Command(self._table[at : None if end < 0 else end].splitlines())

    def _read(self, word: str) -> None:
        if word.startswith("-") and len(word) > 1:
            self._read_option(word)
        elif self.command.commands:
            self._path = f"{self._path} {word}".strip()
            self.command, self.given = self._section(self._path), []
        else:
            self.positional += 1

    def _read_option(self, word: str) -> None:
        name, equals, _ = word.partition("=") if word.startswith("--") else (word, "", "")
        option = self.command.option(name)
        if option is None or (equals and option.kind == "flag"):
            raise _UnsureError
        if option.kind != "flag" and not equals:
            if not self._rest:
                self.open = option
                return
            if self._rest.pop().startswith("-"):
                raise _UnsureError
        self.given.append(option)

    def items(self, typed: str) -> list[tuple[str, str, str]]:
        """What completes the word: the type, the value, and the help of each."""
        if typed == "=":  # some shells part a name and its value so
            typed = ""
        if self.open is not None:
            if typed.startswith("-"):
                raise _UnsureError
            return _values(self.open.kind, typed)
        if typed.startswith("-"):
            return self._value_of(typed) if "=" in typed else self._options(typed)
        if typed and not typed[0].isalnum() and not self.command.argument:
            raise _UnsureError
        if self.command.commands:
            return [("plain", name, line) for name, line in self.command.commands if name.startswith(typed)]
        if not self.command.argument or (self.positional and self.command.argument[1] == "one"):
            return []
        return _values(self.command.argument[0], typed)

    def _options(self, typed: str) -> list[tuple[str, str, str]]:
        return [
            ("plain", name, one.help)
            for one in self.command.options
            if one.often == "many" or (one.often == "once" and one not in self.given)
            for name in one.names
            if name.startswith(typed)
        ]

    def _value_of(self, typed: str) -> list[tuple[str, str, str]]:
        name, _, value = typed.partition("=")
        option = self.command.option(name)
        if option is None or option.kind == "flag" or value.startswith("-"):
            raise _UnsureError
        return _values(option.kind, value)


def _values(kind: str, typed: str) -> list[tuple[str, str, str]]:
    """What completes the value of an option, or an argument."""
    how, *choices = kind.split(" ")
    if how in ("file", "dir"):
        return [(how, typed, "")]
    if how == "choice":
        return [("plain", one, "") for one in choices if one.startswith(typed)]
    if how == "plain":
        return []
    raise _UnsureError


def _words(text: str) -> list[str]:
    if not text.isascii() or not _UNSURE.isdisjoint(text):
        raise _UnsureError
    return text.split()


def _asked(shell: str) -> tuple[list[str], str]:
    """The words before the one that is being typed, without the program's name, and this one."""
    words, current = _words(os.environ["COMP_WORDS"]), os.environ["COMP_CWORD"]
    if shell == "fish":
        typed = _words(current)[0] if current else ""
        return (words[1:-1] if typed and words[1:] and words[-1] == typed else words[1:]), typed
    if not current.isdecimal():
        raise _UnsureError
    place = int(current)
    return words[1:place], words[place] if place < len(words) else ""


def _line(shell: str, kind: str, value: str, help_: str) -> str:
    if shell == "bash":
        return f"{kind},{value}"
    if shell == "fish":
        return f"{kind},{value}\t{help_}" if help_ else f"{kind},{value}"
    return f"{kind}\n{value}\n{help_ or '_'}"


def completion(asked: str) -> str | None:
    """What is printed for `_MDTODO_COMPLETE=asked`; None where that is for the whole program."""
    shell, _, what = asked.partition("_")
    if shell not in ("bash", "zsh", "fish") or what != "complete":
        return None
    try:
        words, typed = _asked(shell)
        if "--" in words:
            return None
        items = _Call(words).items(typed)
    except (_UnsureError, LookupError, OSError, ValueError):
        return None
    return "\n".join([_line(shell, *one) for one in items]) + "\n"
