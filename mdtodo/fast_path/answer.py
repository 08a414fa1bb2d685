"""The answer of the fast path to a call: 0 where nothing is wrong, None where the whole program is to be asked."""

from mdtodo.fast_path.words import is_usual_environment, read_call


def answer(args: list[str]) -> int | None:
    """To the words after the name of the program. Prints nothing, and writes nothing."""
    call = read_call(args)
    if call is None or not is_usual_environment():
        return None
    from mdtodo.fast_path.check import is_clean

    try:
        return 0 if is_clean(call) else None
    except Exception:  # whatever it is, the whole program finds it and says it
        return None
