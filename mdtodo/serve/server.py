"""The server: a socket, its signals, and its end in good order."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import sys
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

import uvicorn

from mdtodo.errors import MdtodoError, UsageError
from mdtodo.serve.app import application
from mdtodo.serve.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from mdtodo.serve.service import Service

#: Seconds in which answers that are on their way come to their end, and for which a connection may be idle.
_GRACE, _KEEP_ALIVE = 5, 30


class Address(NamedTuple):
    """Where it listens, with what key and certificate, if any."""

    host: str
    port: int
    certfile: str | None = None
    keyfile: str | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine reaches it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def url(self, port: int) -> str:
        """How a browser of this machine reaches it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104
        return f"{'https' if self.certfile else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def listen(address: Address) -> socket.socket:
    """A socket there. Raises MdtodoError where another program has the port, or the address is none of this machine."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM
        )[0]
    except OSError as error:
        raise UsageError(f"--host {address.host!r} is no address: {error.strerror}") from error
    # with its protocol, or asyncio would not set TCP_NODELAY: an answer would wait for the client's delayed ACK
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(place)
        made.listen(1024)
    except OSError as error:
        made.close()
        where = f"{address.host}:{address.port}"
        if error.errno == errno.EADDRINUSE:
            raise MdtodoError(
                f"{where} is in use by another program",
                hint="--port N takes another one, --port 0 any that is free",
            ) from error
        raise MdtodoError(f"cannot listen on {where}: {error.strerror}") from error
    made.set_inheritable(False)
    return made


class Server(uvicorn.Server):
    """Ends event streams before it waits for answers, and lets a signal end it without being raised again."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self.service = service
        self.caught: int | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ctrl-C, TERM."""
        self.caught = sig
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """The streams first, else it would wait for them."""
        await self.service.stop()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """While it serves; what they were before is so again afterwards."""
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


class _Lines(logging.Handler):
    """What uvicorn has to say goes to the server's own log, and bugs to standard error too."""

    def __init__(self, service: Service) -> None:
        super().__init__(logging.WARNING)
        self._service = service

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        error = repr(record.exc_info[1]) if record.exc_info else None
        self._service.log.write("warning", message=record.getMessage(), error=error)
        if record.exc_info:
            sys.stderr.write(self.format(record) + "\n")


def prepare(service: Service, address: Address) -> Server:
    """The server, which does not serve yet. Raises UsageError where key or certificate are none."""
    config = uvicorn.Config(
        application(service),
        http=Connection,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
        ssl_certfile=address.certfile,
        ssl_keyfile=address.keyfile,
    )
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        raise UsageError(f"--certfile, --keyfile: {error.strerror or error}") from error
    return Server(config, service)


def serve(server: Server, listening: socket.socket) -> int:
    """Serve until a signal comes; the exit code."""
    logger, handler = logging.getLogger("uvicorn.error"), _Lines(server.service)
    logger.addHandler(handler)

    async def run() -> None:
        server.service.start()
        await server.serve([listening])

    try:
        asyncio.run(run())
    finally:
        logger.removeHandler(handler)
    return 130 if server.caught == signal.SIGINT else 0
