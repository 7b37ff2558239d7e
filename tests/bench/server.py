"""``python -m tests.bench.server``: 500 annotators at the ranking page, all of it on this machine.

The load generator, the web processes, PostgreSQL (durable) and Redis share its cores. The figures are of the
machine as it is: a quiet one, please. Writes ``build/bench/server.json``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from annotate.runtime.embedded import EmbeddedServers


def main() -> int:
    """Start the servers, measure in a process of its own, which alone is the client; its exit status."""
    with tempfile.TemporaryDirectory(prefix="plumbline-bench-") as folder:
        environment = {**os.environ, "PLUMBLINE_DATA": folder, "LOG_LEVEL": "WARNING"}
        with EmbeddedServers(Path(folder)) as servers:
            environment |= {"DATABASE_URL": servers.postgres.url, "REDIS_URL": servers.redis.url}
            command = [sys.executable, "-m", "tests.bench.server_measure", *sys.argv[1:]]
            return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
