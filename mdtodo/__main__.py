"""The program: `mdtodo`, `git mdtodo` and `python -m mdtodo`."""

import os
import sys

#: Objects after which Python looks for cycles: after 700, as it does else, it does so a dozen times while modules are
#: imported, which make none.
_OBJECTS = 10_000


def main() -> None:
    """Answer the call: by the fast path where that is sure, else by the command line."""
    try:
        _answer(sys.argv[1:])
    except KeyboardInterrupt:  # also while modules are imported, before anything of the command line is there
        sys.stderr.write("mdtodo: interrupted\n")
        sys.exit(130)


def _answer(args: list[str]) -> None:
    if args == ["--version"]:
        from mdtodo import __version__

        if _told(f"mdtodo, version {__version__}\n"):
            return
    if not args and (shell := os.environ.get("_MDTODO_COMPLETE")):
        from mdtodo.fast_path.completion import completion

        if (found := completion(shell)) is not None and _told(found):
            return
    if args[:1] == ["check"] or args[:2] == ["hook", "receipt"]:
        from mdtodo.fast_path.answer import answer

        if (code := answer(args)) is not None:
            os._exit(code)  # nothing was printed, and to take the interpreter down takes a tenth of all this
    import gc

    gc.set_threshold(_OBJECTS, 10, 10)
    from mdtodo.cli import main as command_line

    try:
        command_line()
    finally:
        gc.freeze()  # the last collection would look through all modules, to free what goes with the process


def _told(text: str) -> bool:
    """Whether that could be written; what stands in its way is for the command line to tell."""
    if sys.stdout is None:
        return False
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
