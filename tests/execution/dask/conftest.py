"""An executor on a real cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.clones.source import read_source
from mdtodo.config.processor_settings import Processor
from mdtodo.execution.dask.address import read_address
from mdtodo.execution.dask.executor import DaskExecutor
from mdtodo.execution.processors.spec import spec
from mdtodo.git.repository import discover
from tests.cluster import cluster, own_cluster
from tests.processes import DEADLINE, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mdtodo.core.results import Result
    from mdtodo.execution.executor import AttemptEvent
    from tests.cluster import Cluster
    from tests.conftest import Checkout

__all__ = ["cluster", "own_cluster"]


class Bench:
    """An executor on a repository: makes specs, submits them, waits for their ends."""

    def __init__(self, repo: Checkout, executor: DaskExecutor) -> None:
        self.repo, self.executor = repo, executor
        self.events: list[AttemptEvent] = []
        self._found = discover(str(repo.root))
        self._count = 0

    def spec(self, run: str | list[str], **more: Any) -> dict[str, Any]:
        self._count += 1
        name = f"t{self._count}"
        settings = Processor(
            "p", run=tuple(run) if isinstance(run, list) else run, timeout=more.pop("timeout", None)
        )
        log = str(self.repo.root / ".git/logs-of-attempts" / f"{name}.log")
        made = spec(
            {"id": name, "title": name},
            settings,
            run_id=self.repo.root.parent.name,
            attempt=1,
            root=str(self.repo.root),
            log=log,
            outputs=more.pop("outputs", None),
            grace=1.0,
        )
        commit = {
            "source": read_source(self._found)._asdict(),
            "commit": self.repo.git("rev-parse", "HEAD"),
            "cwd": ".",
        }
        return made | {"commit": commit} | more

    def start(self, run: str | list[str], **more: Any) -> str:
        made = self.spec(run, **more)
        self.executor.submit(made)
        return str(made["attempt"])

    def wait(self, kind: str, attempt: str) -> AttemptEvent:
        """The event of this kind; a failure if it does not come in time."""

        def look() -> AttemptEvent | None:
            self.events += self.executor.events(0.05)
            return next((one for one in self.events if (one.kind, one.attempt) == (kind, attempt)), None)

        return eventually(look, 2 * DEADLINE)  # type: ignore[no-any-return]

    def result(self, run: str | list[str], **more: Any) -> Result:
        found = self.wait("finished", self.start(run, **more)).result
        assert found is not None
        return found

    def log(self, number: int = 0) -> bytes:
        return (self.repo.root / ".git/logs-of-attempts" / f"t{number or self._count}.log").read_bytes()


@pytest.fixture
def bench_on(make_repo: Callable[..., Checkout]) -> Iterator[Callable[..., Bench]]:
    """`bench_on(cluster)`: a bench on a repository with one commit."""
    made: list[Bench] = []

    def bench(cluster: Cluster, **options: Any) -> Bench:
        repo = make_repo(f"repo{len(made)}", file="hello\n", TODO="- [ ] x\n")
        executor = DaskExecutor(read_address(cluster.url), discover(str(repo.root)), **options)
        executor.open()
        made.append(Bench(repo, executor))
        return made[-1]

    yield bench
    for one in made:
        one.executor.close()


@pytest.fixture
def bench(cluster: Cluster, bench_on: Callable[..., Bench]) -> Bench:
    return bench_on(cluster)
