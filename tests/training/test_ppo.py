"""What PPO and RLOO pay: the first minibatch, credit, the price of KL; and the stages whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from tests.training.iterating import batches_of, drawn
from tests.training.tiny import (
    make_model,
    make_tokenizer,
    run_stage,
    write_job,
    write_lines,
)
from training.__main__ import main
from training.contracts import ContractError, SamplingSpec
from training.experience import Rollout
from training.imitation import Lesson
from training.params import PpoParams, RlooParams, parse_params
from training.rollouts import draw_replies
from training.run import Run
from training.segments import Group
from training.stages import ppo, rloo

LORA = {"rank": 4, "alpha": 8}


@pytest.mark.parametrize("lora", [LORA, None])
@pytest.mark.parametrize("stage", [ppo, rloo])
def test_it_starts_at_a_ratio_of_one_to_the_bit(
    make_run: Callable[..., Run], stage: Any, lora: dict[str, int] | None
) -> None:
    cast, loop = stage.prepare(make_run(lora=lora))
    items = drawn(batches_of(loop).at(0))
    now = cast.policy.logprobs([item.group for item in items], 1.0).flat
    assert torch.equal(now, torch.cat([item.columns["logprobs"] for item in items]))
    assert batches_of(loop).figures()["kl"] == 0


@pytest.mark.slow
def test_the_sampler_and_the_training_forward_agree_on_the_log_probs(make_run: Callable[..., Run]) -> None:
    run = make_run()
    cast, loop = ppo.prepare(run)
    loop.run(run.reporter, run.stop, "ppo")  # so that the adapters are something to be merged
    from_sampler: list[float] = []
    from_forward: list[Group] = []
    batches = batches_of(loop)
    prompts = batches._choose(0)
    with cast.policy.drawing() as policy, torch.no_grad():
        for prompt in prompts:
            rows = draw_replies(run, policy, cast.encoder, [prompt], 2, seed=5)[0]
            from_sampler += [value for row in rows for value in row.logprobs]
            from_forward.append(Group(cast.encoder.prompt(prompt.messages), [row.token_ids for row in rows]))
    own = cast.policy.logprobs(from_forward, 1.0).flat
    torch.testing.assert_close(own, torch.tensor(from_sampler), rtol=1e-4, atol=1e-4)


def test_it_scores_replies_at_the_temperature_they_are_drawn_at(make_run: Callable[..., Run]) -> None:
    cast, _ = rloo.prepare(make_run())
    group = Group([5, 6, 7], [[8, 9]])
    model = AutoModelForCausalLM.from_pretrained(make_run().job.policy)
    logits = model(torch.tensor([[5, 6, 7, 8]])).logits[0, 2:]
    expected = torch.log_softmax(logits / 0.5, dim=-1)[[0, 1], [8, 9]]
    torch.testing.assert_close(cast.policy.logprobs([group], 0.5).flat, expected, rtol=1e-4, atol=1e-5)


def test_it_takes_the_step_that_is_worked_out_apart(make_run: Callable[..., Run]) -> None:
    """The loss of the first minibatch from plain models, one row a reply, and loops over tokens."""
    params = {"lam": 0.9, "gamma": 0.97, "whiten_advantages": False, "value_weight": 0.5}
    run = make_run(params=params)
    cast, loop = ppo.prepare(run)
    items = drawn(batches_of(loop).at(0))
    assert cast.critic
    known = parse_params(PpoParams, params)
    loss = ppo.objective(cast, cast.critic, known, 1.0, lambda kl, tokens: None).loss(items).loss

    reward = AutoModelForSequenceClassification.from_pretrained(run.job.reward_model, num_labels=1)
    meta = json.loads((Path(run.job.reward_model) / "meta.json").read_text())
    expected = 0.0
    for group in (item.group for item in items):
        for reply in group.completions:
            with torch.no_grad():
                hidden = reward.model(torch.tensor([group.prompt + reply])).last_hidden_state[0]
                read = (reward.score(hidden)[:, 0] - meta["reward_mean"]) / meta["reward_std"]
            values = read[len(group.prompt) - 1 : -1].tolist()
            # The policy has not moved and is its own reference: ratios are 1, and the last token is paid.
            advantage = 0.0
            for place in reversed(range(len(reply))):
                last = place == len(reply) - 1
                paid, following = (read[-1].item(), 0.0) if last else (0.0, values[place + 1])
                advantage = paid + 0.97 * following - values[place] + 0.97 * 0.9 * advantage
                expected += -advantage + 0.5 * 0.5 * advantage**2
    assert loss.item() == pytest.approx(expected, rel=1e-3)


def test_it_pays_a_reply_that_was_cut_what_the_job_says(make_run: Callable[..., Run]) -> None:
    def scores(value: float | None) -> tuple[list[float], float]:
        _, loop = rloo.prepare(make_run(params={"missing_eos_score": value}))
        batches = batches_of(loop)
        rollout, read = batches._judge(groups, stopped, [False] * len(groups))
        return rollout.scores.tolist(), read

    groups, stopped = [Group([5, 6], [[7, 8], [9, 0]]), Group([10], [[11], [12]])], [False, True, True, False]
    kept, read = scores(None)
    replaced, same = scores(-7.0)
    assert replaced == [-7.0, kept[1], kept[2], -7.0]
    assert read == same == pytest.approx(sum(kept) / 4, abs=1e-5)


def test_it_values_a_reply_against_its_siblings_with_the_price_of_kl() -> None:
    # KL of the replies 0.5, 1, 0, 0: R = 2 - 0.25, 0 - 0.5, 1, 4
    rollout = Rollout(
        [Group([1], [[2, 3], [4]]), Group([1], [[5], [6]])],
        torch.tensor([-1.0, -1.0, -1.0, -1.0, -1.0]),
        torch.tensor([-1.25, -1.25, -2.0, -1.0, -1.0]),
        torch.tensor([2.0, 0.0, 1.0, 4.0]),
    )
    columns, _ = rloo.credit(RlooParams())(rollout, 0.5)
    assert columns["advantages"].tolist() == pytest.approx([2.25, 2.25, -2.25, -3, 3])


def test_it_weighs_dialogues_by_their_mean_loss(make_run: Callable[..., Run], tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "the cake"}, {"role": "assistant", "content": "warm tea"}]
    dialogues = write_lines(
        tmp_path / "d.jsonl", [{"messages": turns}, {"messages": turns, "fold": "heldout"}]
    )
    run = make_run(dialogues=[dialogues], params={"mix_weight": 0.5})
    cast, loop = ppo.prepare(run)
    batch = batches_of(loop).at(0)
    lessons = [item for item in batch if isinstance(item, Lesson)]
    assert len(lessons) == 1
    [lesson] = lessons
    count = sum(item.reply_tokens for item in drawn(batch))
    assert lesson.share == pytest.approx(0.5 * count)
    surprise = -cast.policy.logprobs([lesson.group], 1.0).flat.mean().item()
    first = loop._step(0, batch)
    assert first > 0
    assert loop.log.steps[0]["mix_loss"] == pytest.approx(0.5 * surprise, rel=1e-4)


@pytest.mark.parametrize("stage", ["ppo", "rloo"])
@pytest.mark.parametrize("lora", [LORA, None])
def test_it_writes_a_policy_that_loads_by_itself(
    tmp_path: Path, on_policy_world: dict[str, Any], stage: str, lora: dict[str, int] | None
) -> None:
    params = {"iterations": 1, "rollout_prompts": 2, "batch_prompts": 2}
    job = write_job(
        tmp_path, stage, **on_policy_world, lora=lora, params=params, sampling={"max_new_tokens": 4}
    )
    output, metrics = run_stage(job)
    assert metrics["first_kl"] == 0
    assert {"reward", "score", "kl", "entropy", "length", "clipped", "policy_loss"} <= set(metrics)
    assert {"value_loss", "explained_variance"} <= set(metrics) or stage == "rloo"
    weights = load_file(output / "checkpoint" / "model.safetensors")
    assert not any("lora" in name or "score" in name for name in weights)
    assert {path.name for path in (output / "checkpoint").glob("adapter/*.safetensors")} == (
        {"adapter_model.safetensors"} if lora else set()
    )
    assert not (output / "checkpoint" / "adapter" / "critic").exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"prompts": ""}, "names no prompts"),
        ({"reward_model": ""}, "names no reward model"),
        ({"sampling": SamplingSpec([0.7, 1.0])}, "one temperature above 0 and top_p 1"),
        ({"sampling": SamplingSpec(top_p=0.9)}, "one temperature above 0 and top_p 1"),
        ({"sampling": SamplingSpec(max_new_tokens=400)}, "exceeds the model's context"),
        ({"lora": {"rank": 4, "dropout": 0.1}}, "dropout must be 0"),
        ({"k": 1}, "k must be at least 2"),
        ({"params": {"clipp": 1}}, "Unknown params: clipp"),
        ({"params": {"iterations": 0}}, "iterations is 0; it must be at least 1"),
        ({"params": {"kl": "adaptive", "kl_target": 0}}, "needs a target above 0"),
    ],
)
def test_it_refuses_what_it_cannot_learn_from(
    make_run: Callable[..., Run], changed: dict[str, Any], said: str
) -> None:
    run = make_run("rloo", **changed)
    with pytest.raises(ContractError, match=said):
        rloo.prepare(run)[1].run(run.reporter, run.stop, "rloo")


def test_it_refuses_to_run_layers_again_where_adapters_act_in_turn(make_run: Callable[..., Run]) -> None:
    with pytest.raises(ContractError, match="gradient_checkpointing is not for ppo"):
        ppo.prepare(make_run(params={"gradient_checkpointing": True}))


def test_it_runs_layers_again_where_policy_and_critic_are_models_of_their_own(
    make_run: Callable[..., Run],
) -> None:
    norms = []
    for again in (False, True):
        run = make_run(lora=None, params={"gradient_checkpointing": again, "iterations": 1})
        _, loop = ppo.prepare(run)
        norms.append([step["gradient_norm"] for step in loop.run(run.reporter, run.stop, "ppo").steps])
    assert norms[0] == pytest.approx(norms[1], rel=1e-4)


def test_it_refuses_an_empty_prompts_file(make_run: Callable[..., Run], tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="holds no prompt"):
        ppo.prepare(make_run(prompts=write_lines(tmp_path / "none.jsonl", [])))


def test_it_refuses_a_reward_model_of_other_tokens_or_of_another_template(
    make_run: Callable[..., Run], tmp_path: Path, on_policy_world: dict[str, Any]
) -> None:
    policy = tmp_path / "policy"
    AutoModelForCausalLM.from_pretrained(on_policy_world["policy"]).save_pretrained(policy)
    make_tokenizer(template=False).save_pretrained(policy)
    with pytest.raises(ContractError, match="chat template"):
        ppo.prepare(make_run(policy=str(policy)))
    tokenizer = make_tokenizer()
    tokenizer.add_tokens(["<new>"])
    make_model("llama", len(tokenizer)).save_pretrained(policy)
    tokenizer.save_pretrained(policy)
    with pytest.raises(ContractError, match="another vocabulary"):
        ppo.prepare(make_run(policy=str(policy)))


def test_it_says_so_when_the_loss_is_no_number_and_leaves_no_checkpoint(
    tmp_path: Path, on_policy_world: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    params = {"iterations": 2, "rollout_prompts": 2, "learning_rate": 1e30, "clip_norm": 0, "warmup": 0}
    job = write_job(
        tmp_path, "ppo", **on_policy_world, lora=LORA, params=params, sampling={"max_new_tokens": 4}
    )
    assert main(["ppo", str(job)]) == 2
    assert "training stopped" in capsys.readouterr().err
    assert not (tmp_path / "ppo-out").exists()
