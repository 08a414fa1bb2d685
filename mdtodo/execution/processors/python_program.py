"""A Python processor as a program, for a sandbox: a fork could not get into one.

It does what the fork of `python` does, but that an interpreter starts for it. Standard input is the file with the task,
descriptor 3 that for the report.
"""

from __future__ import annotations

import json
import os
import sys
from typing import NoReturn

import mdtodo
from mdtodo.execution.processors.python import call_here

#: Our package is where it is here, whatever the folder of the processor holds by that name.
_PROGRAM = """\
import sys
sys.path.insert(0, sys.argv[1])
from mdtodo.execution.processors.python_program import main
del sys.path[0]
main()
"""
_CHUNK = 1 << 20


def command_line(target: str, folders: tuple[str, str]) -> list[str]:
    """The program that calls `target`; `folders` as for `python.fork`. It is to be started in the second of them."""
    return [sys.executable, "-P", "-c", _PROGRAM, os.path.dirname(_package()), target, *folders]


def visible() -> tuple[str, ...]:
    """The folders without which the program does not start, or finds no modules."""
    installed = (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)
    return tuple(dict.fromkeys((*installed, _package())))


def main() -> NoReturn:
    """Call the function that the arguments name."""
    _, _, target, root, cwd = sys.argv
    os.set_inheritable(3, False)
    call_here(target, json.loads(_standard_input()), (root, cwd))


def _package() -> str:
    return os.path.abspath(mdtodo.__path__[0])


def _standard_input() -> bytes:
    """The whole of it, which the function still finds unread."""
    data = bytearray()
    while part := os.pread(0, _CHUNK, len(data)):
        data += part
    return bytes(data)
