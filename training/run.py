"""One run of one stage: its job, where it writes, and how it talks; shared by every stage."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.contracts import RESULT_FILE, ContractError, JobResult, JobSpec, write_json
from training.process import StopFlag
from training.progress import Reporter

FINGERPRINT_FILE = "fingerprint"


@dataclass(frozen=True)
class StageOutput:
    """What a stage hands back: numbers, and its files relative to the output folder."""

    metrics: dict[str, Any]
    files: dict[str, str]


@dataclass(frozen=True)
class Run:
    """``output`` is the temporary folder that becomes ``job.output``; ``work`` is kept between attempts."""

    job: JobSpec
    output: Path
    work: Path
    reporter: Reporter
    stop: StopFlag


StageFunction = Callable[[Run], StageOutput]


def _fingerprint(job: JobSpec) -> str:
    return hashlib.sha256(json.dumps(asdict(job), sort_keys=True).encode()).hexdigest()


def _forget_other_job(work: Path, job: JobSpec, reporter: Reporter) -> None:
    """State that another job left in the work directory must not be resumed."""
    path, mine = work / FINGERPRINT_FILE, _fingerprint(job)
    if path.exists() and path.read_text() != mine:
        reporter.say(f"The job has changed since its last attempt in {work}: starting over.")
        for old in work.iterdir():
            if old.name.startswith(STATE_PREFIX):
                shutil.rmtree(old) if old.is_dir() else old.unlink()
    path.write_text(mine)


STATE_PREFIX = "state-"
"""Files and folders in the work directory that begin so are resumable state, and belong to one job."""


def execute(
    job: JobSpec,
    stage: StageFunction,
    reporter: Reporter,
    stop: StopFlag,
    announce: Callable[[bool], object] = lambda begins: None,
) -> JobResult | None:
    """Run a stage to its end and publish its output by a rename; None when it was done before.

    ``announce`` tells the other processes, where there are any, whether it begins.
    """
    output, work = Path(job.output), Path(job.work)
    if (output / RESULT_FILE).exists():
        announce(False)
        return None
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ContractError(
            f"The output {output} exists and is not the result of a stage: remove it or name another."
        )
    _forget_other_job(work, job, reporter)
    announce(True)
    began = time.monotonic()
    temporary = output.with_name(f".{output.name}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    done = stage(Run(job, temporary, work, reporter, stop))
    result = JobResult(job.stage, done.metrics, done.files, round(time.monotonic() - began, 2))
    write_json(temporary / RESULT_FILE, result)
    os.replace(temporary, output)
    return result


def follow(job: JobSpec, stage: StageFunction, stop: StopFlag) -> None:
    """Do the same work as the process that executes the stage, which alone writes and speaks.

    What an earlier attempt left in ``job.work`` is seen; what is written goes to a folder that is removed.
    """
    with tempfile.TemporaryDirectory(prefix="plumbline-") as own, open(os.devnull, "w") as nowhere:
        work, output = Path(own) / "work", Path(own) / "output"
        work.mkdir()
        output.mkdir()
        for state in Path(job.work).glob(f"{STATE_PREFIX}*"):
            (work / state.name).symlink_to(state)
        stage(Run(job, output, work, Reporter(as_json=True, stream=nowhere), stop))
