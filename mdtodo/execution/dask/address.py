"""Where a cluster is, as a URL says it."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from mdtodo.errors import MdtodoError, UsageError

_FORMS = "dask://HOST:PORT, tls://HOST:PORT or local-cluster:N"
_URL = re.compile(r"(dask|tcp|tls)://(\[[0-9A-Fa-f:.%]+\]|[^\s:/@\[\]]+):([0-9]{1,5})/?")
_LOCAL = re.compile(r"local-cluster:([1-9][0-9]{0,2})")


class Address(NamedTuple):
    """`url` is what a person wrote; `dask` what Dask calls it, or, of a cluster of our own, how many `workers`."""

    url: str
    dask: str = ""
    workers: int = 0


def read_address(url: str) -> Address:
    """Raises UsageError where it is none."""
    if found := _LOCAL.fullmatch(url):
        return Address(url, workers=int(found[1]))
    if (found := _URL.fullmatch(url)) and 0 < int(found[3]) < 65536:
        scheme = "tls" if found[1] == "tls" else "tcp"
        return Address(url, f"{scheme}://{found[2]}:{found[3]}")
    raise UsageError(f"an executor is {_FORMS}, not {url!r}")


def refuse_insecure(address: Address) -> None:
    """Raise MdtodoError for a scheduler on another host without TLS: whoever reaches it can run anything, and reads
    along."""
    if address.workers or address.dask.startswith("tls:"):
        return
    host = address.dask.removeprefix("tcp://").rpartition(":")[0].strip("[]")
    if not _is_loopback(host):
        raise MdtodoError(
            f"the scheduler at {address.url} is on another host, and has no TLS: whoever reaches it can run anything"
            " on its workers, and read what is sent",
            hint=f"use tls://{host}:PORT, or --insecure where the network is yours alone",
        )


def _is_loopback(host: str) -> bool:
    # a name is another host, whatever it is resolved to today
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
