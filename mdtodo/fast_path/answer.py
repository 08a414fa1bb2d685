"""The answer of the fast path to a call: 0 where nothing is to be said or done, None for the whole program."""

from mdtodo.fast_path.words import is_usual_environment, read_call


def answer(args: list[str]) -> int | None:
    """To the words after the name of the program. Prints nothing, and writes nothing."""
    call = read_call(args)
    if call is None or not is_usual_environment():
        return None
    from mdtodo.fast_path.check import has_receipts, is_clean

    try:
        nothing = not has_receipts(call.message) if call.message else is_clean(call)
        return 0 if nothing else None
    except Exception:  # whatever it is, the whole program finds it and says it
        return None
