"""One attempt to send a message by apprise, the library that knows the services: the door to it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mdtodo.notify.message import headline, text
from mdtodo.notify.webhook import Answer

if TYPE_CHECKING:
    from mdtodo.notify.outbox import Waiting

HINT = "pip install 'git-mdtodo[notify]'"


def is_there() -> bool:
    """Whether the library is installed; it is not imported for that."""
    from importlib.util import find_spec

    return find_spec("apprise") is not None


def send(url: str, one: Waiting) -> Answer:
    """Send it once, to the service that the URL names."""
    import apprise

    # without a handler, logging prints what the library warns of to standard error, URLs with their secrets too
    logging.getLogger("apprise").addHandler(logging.NullHandler())
    service = apprise.Apprise()
    if not service.add(url):
        return Answer("apprise knows no such URL", gone=True)
    sent = service.notify(title=headline(one.event, one.data), body=text(one.event, one.data))
    return Answer() if sent else Answer("apprise could not send it")
