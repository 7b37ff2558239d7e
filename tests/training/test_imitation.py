"""The sft and rejection stages: learning replies as they stand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.training.tiny import prompt_rows, ranking_rows, run_stage, write_job, write_lines
from training.__main__ import main
from training.attention import NAME
from training.contracts import JobSpec
from training.decoding import Request, sample_replies
from training.imitation import Lesson, mean_surprise
from training.models import encoder_for, load_policy
from training.segments import Group


@pytest.fixture
def llama(model_folder: Callable[[str], str]) -> str:
    return model_folder("llama")


def dialogues(path: Path, count: int) -> str:
    return write_lines(
        path,
        [
            {
                "messages": [*row["messages"], {"role": "assistant", "content": "warm tea for you"}],
                "fold": "heldout" if number % 4 == 0 else "train",
            }
            for number, row in enumerate(prompt_rows(count))
        ],
    )


def test_it_learns_replies_and_not_prompts(tmp_path: Path, llama: str) -> None:
    params = {"full_learning_rate": 0.01, "epochs": 8, "batch_prompts": 4}
    files = [dialogues(tmp_path / "d.jsonl", 16)]
    output, metrics = run_stage(write_job(tmp_path, "sft", policy=llama, dialogues=files, params=params))
    assert metrics["heldout_loss"] < 0.3 * metrics["first_loss"]
    assert (metrics["train_dialogues"], metrics["heldout_dialogues"]) == (12, 4)
    job = JobSpec(stage="sft", output="", work="")
    trained = load_policy(str(output / "checkpoint"), job)
    encoder = encoder_for(trained, str(output / "checkpoint"))
    prompt = encoder.prompt(prompt_rows(1)[0]["messages"])
    request = Request(0, seed=0, temperature=0.0, top_p=1.0)
    *_, replies = sample_replies(trained, [prompt], [request], max_new_tokens=30, stop=[0])
    assert isinstance(replies, list)
    assert encoder.text(replies[0].token_ids) == "warm tea for you"
    assert replies[0].stopped


def test_it_means_over_reply_tokens(llama: str) -> None:
    model = AutoModelForCausalLM.from_pretrained(llama, attn_implementation="eager")
    prompt, replies = [5, 9, 17], [[7, 8, 0], [12, 0]]
    surprises = []
    for reply in replies:
        ids = torch.tensor([prompt + reply])
        logprobs = torch.log_softmax(model(ids).logits[0, 2:-1], dim=-1)
        surprises += [-logprobs[place, token].item() for place, token in enumerate(reply)]
    model.set_attn_implementation(NAME)
    lessons = [Lesson(Group(prompt, [reply])) for reply in replies]
    assert mean_surprise(model, lessons, 1000) == pytest.approx(sum(surprises) / 5, rel=1e-4)


def test_it_refuses_dialogues_with_nothing_to_train_on(
    tmp_path: Path, llama: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sft", str(write_job(tmp_path, "sft", policy=llama))]) == 2
    assert "no reply to learn from" in capsys.readouterr().err


def test_it_learns_the_best_reply_of_all_rounds(tmp_path: Path, llama: str) -> None:
    rankings = write_lines(tmp_path / "rankings.jsonl", ranking_rows(12))
    prompts = write_lines(tmp_path / "prompts.jsonl", prompt_rows(4))
    reward, _ = run_stage(write_job(tmp_path, "reward", policy=llama, rankings=[rankings]))
    files = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        sampling = {"max_new_tokens": 8}
        sampled, _ = run_stage(
            write_job(folder, "sample", policy=llama, prompts=prompts, k=2, sampling=sampling, seed=number)
        )
        files.append(str(sampled / "completions.jsonl"))
    job = write_job(
        tmp_path,
        "rejection",
        policy=llama,
        prompts=prompts,
        completions=files,
        reward_model=str(reward / "checkpoint"),
    )
    _, metrics = run_stage(job)
    assert (metrics["prompts"], metrics["completions"]) == (4, 16)
    assert metrics["chosen_reward_mean"] > metrics["reward_mean"]


def test_it_refuses_replies_to_unknown_prompts(
    tmp_path: Path, llama: str, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts = write_lines(tmp_path / "prompts.jsonl", prompt_rows(2))
    sampled, _ = run_stage(write_job(tmp_path, "sample", policy=llama, prompts=prompts))
    fewer = write_lines(tmp_path / "fewer.jsonl", prompt_rows(1))
    files = [str(sampled / "completions.jsonl")]
    job = write_job(tmp_path, "rejection", policy=llama, prompts=fewer, completions=files, reward_model=llama)
    assert main(["rejection", str(job)]) == 2
    assert "answer p1, which" in capsys.readouterr().err
