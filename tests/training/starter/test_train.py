"""Training the starter, and the one that ships."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from training.starter.__main__ import main
from training.starter.check import Reply, measure, table
from training.starter.corpus import Pair
from training.starter.train import StarterSettings, Step, build_model, rate, reply_loss, train

SHIPPED = Path(__file__).parents[3] / "training" / "starter" / "model"
SMALL = {"pairs": 160, "hidden": 32, "layers": 1, "heads": 2, "feed-forward": 48, "vocabulary": 400}
TINY = [text for name, value in SMALL.items() for text in (f"--{name}", str(value))]


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def _pair(reply: str) -> Pair:
    return Pair("thanks", "Thank Tom.", reply, {"person": "Tom"}, "plain", "on", 0, False, False)


def test_it_trains_from_nothing_to_a_folder_that_loads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, prompts = tmp_path / "model", tmp_path / "prompts.jsonl"
    assert main([*TINY, "--threads", "1", "--out", str(out), "--prompts", str(prompts)]) == 0
    model = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(out)
    assert model.config.eos_token_id == tokenizer.eos_token_id != tokenizer.pad_token_id
    assert len(prompts.read_text(encoding="utf-8").splitlines()) == 720
    assert "720 prompts" in capsys.readouterr().out


def test_it_gives_the_same_weights_for_the_same_seed() -> None:
    torch.set_num_threads(1)
    settings = StarterSettings(pairs=80, hidden=32, layers=1, heads=2, feed_forward=48, vocabulary=400)
    first, _ = train(settings, lambda step: None)
    second, _ = train(settings, lambda step: None)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_it_learns_and_tells_how_far_it_is() -> None:
    steps: list[Step] = []
    train(
        StarterSettings(pairs=400, hidden=32, layers=1, heads=2, feed_forward=48, vocabulary=400),
        steps.append,
    )
    assert steps[-1].done == 1.0
    assert steps[-1].loss < steps[0].loss


def test_it_scores_reply_tokens_alone_and_no_padding() -> None:
    tokenizer: Any = AutoTokenizer.from_pretrained(SHIPPED)
    model = build_model(StarterSettings(hidden=16, layers=1, heads=2, feed_forward=16), tokenizer)
    short, long = ([5, 6, 7, 8], 2), ([9, 10, 11, 12, 13, 14], 1)
    one, other = reply_loss(model, [short]).item(), reply_loss(model, [long]).item()
    assert reply_loss(model, [short, long]).item() == pytest.approx((2 * one + 5 * other) / 7, abs=1e-5)


def test_its_learning_rate_rises_then_falls_to_two_hundredths() -> None:
    assert rate(0.1, 0.05) == pytest.approx(0.5)
    assert rate(0.1, 0.1) == pytest.approx(1.0)
    assert rate(0.1, 0.55) == pytest.approx(0.02 + 0.49)
    assert rate(0.1, 1.0) == pytest.approx(0.02)


def test_it_measures_what_the_replies_hold() -> None:
    replies = [
        Reply(("Tom", "soup"), "Thanks for the soup, Tom.", ended=True),
        Reply(("Tom", "soup"), "Thanks. Thanks. Blorp", ended=False),
    ]
    figures = measure(replies, [_pair("Thanks for the soup, Tom."), _pair("Thanks.")])
    assert (figures.ended, figures.all_slots, figures.slots) == (0.5, 0.5, 0.5)
    assert (figures.complete_sentence, figures.repeated_sentence) == (0.5, 0.5)
    assert (figures.verbatim_replies, figures.verbatim_sentences) == (0.5, 3 / 4)
    assert figures.unknown_words == pytest.approx(1 / 8)
    assert "| all slots | 0.500 |" in table({"samples": figures})


def test_the_shipped_folder_is_small_and_plain() -> None:
    files = {file.name: file.stat().st_size for file in SHIPPED.iterdir()}
    assert sum(files.values()) <= 12_000_000
    assert "model.safetensors" in files
    assert not [name for name in files if name.endswith((".bin", ".pt", ".py"))]
    assert json.loads((SHIPPED / "config.json").read_text())["model_type"] == "llama"


@pytest.mark.slow
def test_the_shipped_model_answers_on_topic_and_ends() -> None:
    torch.manual_seed(0)
    model: Any = AutoModelForCausalLM.from_pretrained(SHIPPED, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED)
    prompt: Any = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Write a thank-you note to Nina for the soup."}],
        add_generation_prompt=True, return_dict=True, return_tensors="pt",
    )  # fmt: skip
    rows = model.generate(**prompt, do_sample=True, max_new_tokens=96, num_return_sequences=32)
    replies = tokenizer.batch_decode(rows[:, prompt["input_ids"].shape[1] :], skip_special_tokens=True)
    assert (rows == tokenizer.eos_token_id)[:, prompt["input_ids"].shape[1] :].any(dim=1).float().mean() > 0.9
    assert sum("soup" in reply for reply in replies) >= 12
    assert len(set(replies)) >= 24
