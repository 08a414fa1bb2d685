"""Receipts as plain JSON, as the journal keeps them, and back.

What an older mdtodo wrote has to be read for as long as a run of it can wait to land. So a field that was not there
from the beginning is left out where it says nothing, and is not asked for.
"""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING

from mdtodo.core.edits import AddNote, AddSubtasks, Revert, SetKey, SetStatus
from mdtodo.core.receipt import Output, Receipt, Restore
from mdtodo.core.task import Anchor, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdtodo.core.edits import Edit


def to_json(receipt: Receipt) -> dict[str, object]:
    """Plain JSON, from which `from_json` makes the same receipt again."""
    plain = {name: getattr(receipt, name) for name in _PLAIN}
    edits = [_edit_to_json(edit) for edit in receipt.edits]
    inputs = {} if receipt.inputs is None else {"inputs": receipt.inputs}
    # by place, so further fields of an Output come last and have a default
    held = {} if receipt.held is None else {"held": [list(output) for output in receipt.held]}
    return {
        **plain,
        "outcome": str(receipt.outcome),
        "edits": edits,
        "outputs": list(receipt.outputs),
        **held,
        **inputs,
        **({} if receipt.undoes is None else {"undoes": receipt.undoes}),
        **({} if receipt.said_in is None else {"said_in": receipt.said_in}),
        **({} if receipt.tree is None else {"tree": receipt.tree}),
        **({} if receipt.reason is None else {"reason": str(receipt.reason)}),
        **({} if receipt.by is None else {"by": receipt.by}),
        **({"metrics": dict(receipt.metrics)} if receipt.metrics else {}),
        **({"proves": True} if receipt.proves else {}),
        **({} if receipt.began is None else {"began": receipt.began}),
        **({"restores": [list(one) for one in receipt.restores]} if receipt.restores else {}),
    }


def from_json(data: Mapping[str, object]) -> Receipt:
    """The receipt that `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    plain = {name: data[name] for name in _PLAIN}
    edits, outputs = data["edits"], data["outputs"]
    if not isinstance(edits, list) or not isinstance(outputs, list):
        raise TypeError("edits and outputs are lists")
    made = tuple(map(_edit_from_json, edits))
    held = tuple(map(_output, _fields(data["held"]))) if "held" in data else None
    restores = tuple(Restore(*_fields(one)) for one in _fields(data.get("restores", [])))  # type: ignore[arg-type]
    texts = ("inputs", "undoes", "said_in", "tree", "reason", "by")
    more: dict[str, object] = {name: None if data.get(name) is None else str(data[name]) for name in texts}
    more |= {"metrics": _metrics(data.get("metrics", {})), "proves": data.get("proves") is True}
    more |= {
        "began": float(str(data["began"])) if "began" in data else None,
        "held": held,
        "restores": restores,
    }
    return Receipt(**plain, edits=made, outputs=tuple(outputs), **more)  # type: ignore[arg-type]


#: Fields of a receipt by their own names: one that is renamed is no longer found in what was written before.
_PLAIN = ("task_id", "title", "outcome", "processor", "exit_code", "seconds", "attempt")


def anchor_to_json(anchor: Anchor) -> list[object]:
    """The fields in their order."""
    return [*anchor[:-1], list(anchor.peers)]


def anchor_from_json(data: object) -> Anchor:
    """The anchor that `anchor_to_json` wrote; one of an older mdtodo has the first four fields alone.

    Raises ValueError for anything else.
    """
    match data:
        case [str(file), None | str() as explicit, str(digest), int(nth)]:
            return Anchor(file, explicit, digest, nth)
        case [*plain, list(peers)] if all(map(_is_of_field, plain, _KINDS)) and len(plain) == len(_KINDS):
            return Anchor._make([*plain, tuple(map(str, peers))])
    raise ValueError("this is no anchor")


_TEXT, _NAME = (str,), (str, NoneType)
#: What the fields of an anchor are, but for the last.
_KINDS = (
    _TEXT,
    _NAME,
    _TEXT,
    (int,),
    _NAME,
    _TEXT,
    _NAME,
    _TEXT,
    _TEXT,
    (bool,),
    (bool,),
    (bool,),
    (int,),
    _TEXT,
)


def _is_of_field(value: object, kind: tuple[type, ...]) -> bool:
    return isinstance(value, kind)


def _edit_to_json(edit: Edit) -> dict[str, object]:
    place = anchor_to_json(edit.anchor)
    match edit:
        case SetStatus():
            return {"set_status": edit.status.value, "expects": sorted(edit.expects), "anchor": place}
        case SetKey():
            return {"set_key": edit.key, "value": edit.value, "anchor": place}
        case AddSubtasks():
            first = {"first": True} if edit.first else {}
            return {"add_subtasks": list(edit.lines), "anchor": place, **first}
        case Revert():
            return {"revert": [*edit[1:4], edit.was.value, edit.step], "anchor": place}
        case AddNote():
            pass
    return {"add_note": edit.text, "anchor": place}


def _edit_from_json(data: Mapping[str, object]) -> Edit:
    anchor = anchor_from_json(data["anchor"])
    if "set_status" in data:
        expects = frozenset(Status(str(status)) for status in _fields(data["expects"]))
        return SetStatus(anchor, Status(str(data["set_status"])), expects)
    if "set_key" in data:
        value = data["value"]
        return SetKey(anchor, str(data["set_key"]), None if value is None else str(value))
    if "add_subtasks" in data:
        lines = tuple(str(line) for line in _fields(data["add_subtasks"]))
        return AddSubtasks(anchor, lines, data.get("first") is True)
    if "revert" in data:
        after, before, number, was, step = map(str, _fields(data["revert"]))
        return Revert(anchor, after, before, int(number), Status(was), int(step))
    return AddNote(anchor, str(data["add_note"]))


def _output(data: object) -> Output:
    return Output(*(None if one is None else str(one) for one in _fields(data)))  # type: ignore[arg-type]


def _metrics(data: object) -> tuple[tuple[str, float], ...]:
    if not isinstance(data, dict):
        raise TypeError("metrics are numbers by name")
    return tuple((str(name), float(value)) for name, value in data.items())


def _fields(value: object) -> Iterable[object]:
    if not isinstance(value, list):
        raise TypeError("a list is missing")
    return value
