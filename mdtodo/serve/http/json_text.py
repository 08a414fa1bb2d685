"""JSON as it goes over the wire: UTF-8, compact, and whole whatever names files have."""

from __future__ import annotations

import json
from hashlib import sha256


def json_bytes(document: object) -> bytes:
    r"""The document; halves of characters, as in names of files that are not UTF-8, are written as `\udcXX`."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def etag_of(data: bytes) -> str:
    """The strong entity tag of these bytes."""
    return f'"{sha256(data).hexdigest()[:24]}"'
