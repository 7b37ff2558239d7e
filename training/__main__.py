"""``python -m training STAGE job.json``: one stage, by hand or under the platform's supervisor.

``python -m training serve`` answers conversations as they come.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from training.contracts import STAGES, ContractError, JobResult, JobSpec, LoraSpec, SamplingSpec, read_job
from training.params import PARAMS, describe_params, parse_params
from training.process import (
    EXIT_STOPPED,
    Deserted,
    StopFlag,
    Stopped,
    exclusive,
    shards_weights,
    watch_parent,
)
from training.progress import Reporter
from training.run import StageFunction, execute, follow

EXIT_REFUSED = 2
EXIT_FAILED = 1


def build_parser() -> argparse.ArgumentParser:
    """The command line; its help says all that is needed to write a job."""
    params = "\n".join(f"  {stage}:\n{describe_params(PARAMS[stage])}" for stage in STAGES)
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description="Run one stage of a preference-training round. It writes job.output/result.json when it "
        "has succeeded; run again after a kill it goes on from job.work, and once done it does nothing.",
        epilog="`python -m training serve --help`: replies to conversations as they come.\n\n"
        f"{_describe_job()}\n\nparams, by stage:\n{params}\n\nexamples are in docs/training.md.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("stage", choices=STAGES, help="what to do; must be the stage that the job names")
    parser.add_argument("job", type=Path, help="the job file (JSON)")
    parser.add_argument(
        "--json",
        action="store_true",
        help="write progress as JSON lines on stdout instead of a bar, and stop when the parent process dies",
    )
    return parser


def _describe_job() -> str:
    def names(kind: type) -> str:
        return ", ".join(item.name for item in fields(kind))

    return (
        f"job.json holds one object with the fields {names(JobSpec)};\n"
        f"sampling holds {names(SamplingSpec)};\n"
        f"lora holds {names(LoraSpec)}, or is null to train every weight.\n"
        "sample: policy, prompts, k, sampling.  reward: policy (trunk), rankings, lora.\n"
        "safety: as reward.\n"
        "sft: policy, dialogues, lora.  rejection: policy, prompts, completions, reward_model, lora.\n"
        "dpo: policy, reference, rankings, lora; for silver rankings also reward_model, prompts, sampling.\n"
        "kto: policy, reference, rankings, lora.\n"
        "online, ppo, rloo: policy, reference, reward_model, prompts, sampling, lora, k (ppo, rloo).\n"
        "judge: prompts, completions, policy (if it judges itself).\n"
        "evaluate: policy, reference, base, reward_model, prompts, sampling.\n"
        "benchmark: reward_model, benchmarks."
    )


def main(argv: Sequence[str] | None = None, stop: StopFlag | None = None) -> int:
    """Run the stage; returns the exit code: 0 done, 1 failed, 2 refused, 143 told to stop."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["serve"]:
        return _serve(words[1:])
    arguments = build_parser().parse_args(words)
    reporter = Reporter(as_json=arguments.json)
    if arguments.json:
        watch_parent()
    try:
        _run(arguments.stage, arguments.job, reporter, stop or StopFlag())
    except ContractError as problem:
        reporter.fail(str(problem))
        return EXIT_REFUSED
    except Stopped:
        reporter.fail("The stage was told to stop; run it again to go on.")
        return EXIT_STOPPED
    except Deserted as problem:
        reporter.fail(str(problem))
        return EXIT_FAILED
    except Exception as problem:  # noqa: BLE001 - whatever it is, the supervisor gets one sentence
        traceback.print_exc()
        reporter.fail(_sentence(problem, arguments.job))
        return EXIT_FAILED
    return 0


def _serve(words: Sequence[str]) -> int:
    """Keep models loaded and write replies to whoever waits for them; see training/serving.py."""
    parser = argparse.ArgumentParser(
        prog="python -m training serve",
        description="Answer conversations as they come: requests on standard input, what happens on standard "
        "output, a JSON object a line, until the input ends. docs/training.md has the shapes.",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ...")
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16"))
    arguments = parser.parse_args(words)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Imported late, as a stage is.
    importlib.import_module("training.serving").serve(arguments.device, arguments.precision)
    return 0


def _run(stage: str, path: Path, reporter: Reporter, stop: StopFlag) -> None:
    job = read_job(path)
    if job.stage != stage:
        raise ContractError(f"The job {path} is for the stage {job.stage}, not {stage}.")
    parse_params(PARAMS[stage], job.params)
    job = replace(job, output=str(Path(job.output).absolute()), work=str(Path(job.work).absolute()))
    # Threads that wait for each other by spinning starve whatever else the machine does.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        if shards_weights() and stage in WHOLE:
            raise ContractError(
                f"The stage {stage} does not shard its weights: start it without --use_fsdp (FSDP is for "
                "sft, reward, safety, dpo and rejection)."
            )
        if stage in TOGETHER:
            _run_together(job, reporter, stop)
            return
        if os.environ["RANK"] != "0":
            return  # the first process does it alone
    with exclusive(Path(job.work)):
        _tell(job, execute(job, _stage_function(stage), reporter, stop), reporter)


def _stage_function(stage: str) -> StageFunction:
    # Imported late: torch and transformers take seconds, and a bad job need not wait for them.
    run: StageFunction = importlib.import_module(f"training.stages.{stage}").run
    return run


def _tell(job: JobSpec, result: JobResult | None, reporter: Reporter) -> None:
    reporter.close()
    if result is None:
        reporter.say(f"Already done: {job.output}.")
    else:
        reporter.say(f"Done in {result.seconds:.0f} s: {job.output}.")


def _run_together(job: JobSpec, reporter: Reporter, stop: StopFlag) -> None:
    """Run the stage as one of several processes: the first writes and speaks, the others follow."""
    # Under FSDP transformers would give weights to the first process alone.
    os.environ["FSDP_CPU_RAM_EFFICIENT_LOADING"] = "false"
    team = importlib.import_module("training.team")
    team.join()
    try:
        if team.rank() == 0:
            with exclusive(Path(job.work)):
                stage = _stage_function(job.stage)
                _tell(job, execute(job, stage, reporter, stop, announce=team.told_by_first), reporter)
        elif team.told_by_first(True):
            follow(job, _stage_function(job.stage), stop)
    except RuntimeError as problem:
        if lost := team.lost():
            raise Deserted(
                f"Process {lost[0] + 1} of {team.size()} ended before the others. Its own output may say why "
                "(one that is killed says nothing). Run the stage again to go on from its last save."
            ) from problem
        raise
    finally:
        team.leave()


TOGETHER = ("sft", "reward", "safety", "dpo", "kto", "rejection")
"""The stages that several processes share, since their time goes into the training loop."""

WHOLE = ("kto", "online", "ppo", "rloo")
"""The stages that train, but run the model between steps too, and so need its weights whole."""


NO_SPACE = {
    errno.ENOSPC: "The disk is full",
    errno.EDQUOT: "The quota of the disk is used up",
    errno.EFBIG: "A file would be larger than this system allows",
}


def _sentence(problem: Exception, path: Path) -> str:
    """Why the job at ``path`` failed; safetensors tells the number of an error only in its text."""
    for number, what in NO_SPACE.items():
        if getattr(problem, "errno", None) == number or f"(os error {number})" in str(problem):
            job = read_job(path)
            where = getattr(problem, "filename", None) or f"{job.output} or {job.work}"
            return f"{what} at {where}: make room and run the stage again; what was there is untouched."
    if type(problem).__name__ == "OutOfMemoryError" or isinstance(problem, MemoryError):
        return "Memory ran out: lower micro_tokens or batch_rows in params."
    return f"The stage failed: {type(problem).__name__}: {' '.join(str(problem).split())[:300]}"


if __name__ == "__main__":
    told = StopFlag()
    told.install()
    sys.exit(main(stop=told))
