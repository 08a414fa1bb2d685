"""Notebooks for tests, as Jupyter saves them."""

from __future__ import annotations

import json

#: Executed from the notebook's own folder, it reads what lies beside that folder.
READS_DATA = "print('sum', sum(map(int, open('../data/numbers.txt'))))"


def notebook(*cells: str, kind: str = "code", kernel: str = "python3") -> str:
    """A notebook with these cells."""
    of_code = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return json.dumps(
        {
            "cells": [
                {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": source, **of_code}
                for number, source in enumerate(cells)
            ],
            "metadata": {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
