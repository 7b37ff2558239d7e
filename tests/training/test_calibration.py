from __future__ import annotations

import math

import pytest
import torch

from training.calibration import (
    Judged,
    calibration_metrics,
    cross_fitted,
    expected_calibration_error,
    fit_temperature,
    reliability,
    scored_calibration,
)


def one_by_one(differences: list[float]) -> list[Judged]:
    """A ranking of one pair to each difference."""
    return [Judged(f"p{n}", torch.tensor([value])) for n, value in enumerate(differences)]


def test_it_finds_the_temperature_that_the_labels_were_drawn_at() -> None:
    # at a difference of 3 the better wins 731 of 1,000 times: sigmoid(3 / 3) = 0.7311
    rankings = one_by_one([3.0] * 731 + [-3.0] * 269)
    assert fit_temperature(rankings, start=0.5) == pytest.approx(3.0, rel=0.02)
    assert fit_temperature(rankings, start=8.0) == pytest.approx(3.0, rel=0.02)


def test_it_minimises_the_loss_that_its_docstring_states() -> None:
    rankings = [Judged("a", torch.tensor([2.0, -1.0]), weight=2.0), Judged("b", torch.tensor([0.5]))]

    def cost(t: float) -> float:
        def loss(d: float) -> float:
            return math.log1p(math.exp(-d / t))

        prior = math.log(t / 1.5) ** 2 / (2 * math.log(2) ** 2)
        return 2 * (loss(2.0) + loss(-1.0)) / 2 + loss(0.5) + prior

    best = min((cost(n / 2000), n / 2000) for n in range(200, 20_000))[1]
    assert fit_temperature(rankings, start=1.5) == pytest.approx(best, abs=1e-3)


def test_it_stays_at_its_start_without_pairs_and_near_it_with_few() -> None:
    assert fit_temperature([], start=2.5) == 2.5
    # three pairs, all right: likelihood alone would have T = 0
    assert 1.2 < fit_temperature(one_by_one([1.0, 2.0, 1.5]), start=2.5) < 2.5
    # three pairs, all wrong: likelihood alone would have T infinite
    assert 2.5 < fit_temperature(one_by_one([-1.0, -2.0, -1.5]), start=2.5) < 5.2


def test_it_lets_a_ranking_count_once_whatever_its_pairs() -> None:
    once = [Judged("a", torch.tensor([1.0])), Judged("b", torch.tensor([-0.5]))]
    often = [Judged("a", torch.tensor([1.0] * 6)), Judged("b", torch.tensor([-0.5]))]
    assert fit_temperature(once, 1.0) == pytest.approx(fit_temperature(often, 1.0), rel=1e-3)


def test_it_judges_each_prompt_by_a_temperature_of_the_others() -> None:
    rankings = [*one_by_one([1.0] * 9), Judged("p0", torch.tensor([-4.0]))]
    temperatures = cross_fitted(rankings, 1.0)
    assert temperatures[0] == temperatures[9], "rankings of one prompt are of one fold"
    # without p0 every pair is right, so its fold's T is below that of folds that hold it
    assert temperatures[0] < temperatures[1]
    # one prompt: nothing else to fit on
    assert cross_fitted([Judged("a", torch.tensor([5.0]))], 1.0) == [1.0]


def test_it_bins_by_how_sure_the_model_is() -> None:
    # confidences: ln 3 -> 0.75 (right), -ln 3 -> 0.75 (wrong), ln 19 -> 0.95 (right), 0 -> 0.5 (half)
    logits = torch.tensor([math.log(3), -math.log(3), math.log(19), 0.0]) + torch.tensor(
        [1e-6, -1e-6, 1e-6, 0.0]
    )
    bins = reliability(logits)
    assert [own["low"] for own in bins] == pytest.approx([0.5, 0.75, 0.95])
    assert [own["pairs"] for own in bins] == [1, 2, 1]
    assert [own["accuracy"] for own in bins] == [0.5, 0.5, 1.0]
    assert [own["confidence"] for own in bins] == pytest.approx([0.5, 0.75, 0.95], abs=1e-5)
    # |0.5 - 0.5| / 4 + 2 |0.5 - 0.75| / 4 + |1 - 0.95| / 4
    assert expected_calibration_error(bins) == pytest.approx(0.1375, abs=1e-5)


def test_it_puts_a_certain_pair_into_the_last_bin() -> None:
    [only] = reliability(torch.tensor([1000.0]))
    assert only["high"] == 1.0
    assert only["accuracy"] == only["confidence"] == 1.0


def test_it_says_what_calibration_did() -> None:
    # the model is three times as sure as it may be: 731 of 1,000 right at a difference of 3
    metrics = calibration_metrics(one_by_one([3.0] * 731 + [-3.0] * 269), start=1.0)
    assert metrics["before"]["calibration_error"] == pytest.approx(1 / (1 + math.exp(-3)) - 0.731, abs=1e-5)
    assert metrics["after"]["calibration_error"] < 0.02
    assert metrics["after"]["log_loss"] < metrics["before"]["log_loss"]


def test_it_says_nothing_of_no_pairs() -> None:
    metrics = calibration_metrics([], start=1.7)
    assert metrics["temperature"] == 1.7
    assert metrics["before"] == scored_calibration([], [])
    assert metrics["before"]["log_loss"] is None
