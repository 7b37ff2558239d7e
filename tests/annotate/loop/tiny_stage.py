"""A stage in a few lines: what the supervisor sees of it is set by ``params`` of its job.

Usage: ``python tiny_stage.py STAGE job.json --json``, as ``python -m training``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path


def main() -> int:
    job = json.loads(Path(sys.argv[2]).read_text())
    params = job["params"]
    for line in params.get("lines", []):
        sys.stdout.write(line if isinstance(line, str) else json.dumps(line) + "\n")
        sys.stdout.flush()
    Path(job["work"]).mkdir(parents=True, exist_ok=True)
    (Path(job["work"]) / "started").write_text(str(os.getpid()))
    if "die_by" in params:
        os.kill(os.getpid(), params["die_by"])
    while params.get("wait_for") and not Path(params["wait_for"]).exists():
        time.sleep(0.02)
    if params.get("says"):
        sys.stderr.write(params["says"] + "\n")
    if params.get("code"):
        return int(params["code"])
    for name, text in params.get("files", {}).items():
        path = Path(job["output"]) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
