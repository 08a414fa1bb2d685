"""`mdtodo merge-driver`."""

from __future__ import annotations

import click


@click.command(
    "merge-driver",
    context_settings={"ignore_unknown_options": True},
    epilog="\b\nExamples:\n  mdtodo init --merge-driver      sets it up\n"
    "  mdtodo merge-driver -- %O %A %B %L %P %S %X %Y      as git calls it",
)
@click.argument("base", type=click.Path())
@click.argument("ours", type=click.Path())
@click.argument("theirs", type=click.Path())
@click.argument("size", default="7")
@click.argument("path", default="")
@click.argument("labels", nargs=-1)
def command(base: str, ours: str, theirs: str, size: str, path: str, labels: tuple[str, ...]) -> int:
    """Merge BASE, OURS and THEIRS by task into OURS; called by git.

    Exits 0 if the merge is clean, otherwise with the number of conflicts marked in the file, at most 127.
    SIZE is the length of the conflict markers, PATH the file being merged, LABELS are
    git's names for base, ours and theirs.
    """
    import gc
    import os

    from mdtodo.integrations.merge_driver.run import MergeFiles, labels_of, merge_files
    from mdtodo.markdown.merge.result import Markers

    gc.disable()  # the process is short, and what it makes stays to its end
    # git before 2.44 leaves %S as it is
    named = len(labels) == 3 and labels[0] != "%S"
    our, was, their = (labels[1], labels[0], labels[2]) if named else labels_of(os.environ)
    markers = Markers(our, was, their, int(size) if size.isdigit() and int(size) else 7)
    ending = merge_files(MergeFiles(base, ours, theirs), markers, histogram=named)
    if ending.sentence:
        from mdtodo.reporting.text import tell

        tell(f"{path or ours}: {ending.sentence}")
    return ending.code
