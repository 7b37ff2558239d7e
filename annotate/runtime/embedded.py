"""PostgreSQL and Redis for one data folder, for whoever needs both and restarts neither (tests)."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from annotate.processes import spawn, stop
from annotate.runtime.postgres import EmbeddedPostgres
from annotate.runtime.redis import EmbeddedRedis


class EmbeddedServers:
    """``with EmbeddedServers(folder) as servers:`` runs both until the block ends.

    ``durable`` False gives up safety against power loss for speed, which is right for tests alone.
    """

    def __init__(self, data: Path, *, durable: bool = True) -> None:
        self.postgres = EmbeddedPostgres(data, durable=durable)
        self.redis = EmbeddedRedis(data)
        self._data = data
        self._open = ExitStack()

    def __enter__(self) -> Self:
        logs = self._data / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with ExitStack() as undo:
            for server in (self.redis, self.postgres):
                program = server.prepare()
                log = undo.enter_context((logs / f"{server.name}.log").open("ab"))
                process = spawn(program, log)
                undo.callback(stop, process, program)
                server.wait_ready(process)
            self._open = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
