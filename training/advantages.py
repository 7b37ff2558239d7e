"""From rewards to advantages, and the losses of PPO: tensors in, tensors out.

Shapes: B replies, T tokens, padded on the right; ``mask`` is 1 on tokens of a reply and 0 after it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


def penalised_rewards(
    scores: Tensor, logprobs: Tensor, reference: Tensor, mask: Tensor, beta: float
) -> Tensor:
    """``-beta (log pi - log pi_ref)`` at each token, and the score added at each reply's last: ``[B, T]``.

    ``scores`` is ``[B]``; the last token is where ``mask`` ends, never "the last that is not padding".
    """
    rewards = -beta * (logprobs - reference) * mask
    last = mask.sum(dim=1).long() - 1
    return rewards.scatter_add(1, last[:, None], scores[:, None].to(rewards.dtype))


def generalised_advantages(
    rewards: Tensor, values: Tensor, mask: Tensor, *, gamma: float, lam: float
) -> tuple[Tensor, Tensor]:
    """Advantages and returns, ``[B, T]`` each (Schulman et al. 2016, eq. 16).

    ``A_t = d_t + gamma lam A_{t+1}`` with ``d_t = r_t + gamma V_{t+1} - V_t``, V being 0 past the end of a
    reply; a return is the advantage plus the value. Zero where ``mask`` is.
    """
    values = values * mask
    following = torch.zeros_like(values[:, 0])
    next_value = torch.zeros_like(values[:, 0])
    advantages = torch.zeros_like(values)
    for step in reversed(range(values.shape[1])):
        surprise = rewards[:, step] + gamma * next_value - values[:, step]
        following = (surprise + gamma * lam * following) * mask[:, step]
        advantages[:, step] = following
        next_value = values[:, step]
    return advantages, (advantages + values) * mask


def whiten(values: Tensor, mask: Tensor, *, keep_mean: bool = False) -> Tensor:
    """Shift and scale to mean 0 (or the mean it had) and variance 1 over the masked entries; 0 elsewhere."""
    count = mask.sum()
    mean = (values * mask).sum() / count
    variance = (((values - mean) ** 2) * mask).sum() / count
    white = (values - mean) * torch.rsqrt(variance + 1e-8)
    return (white + mean if keep_mean else white) * mask


def leave_one_out(scores: Tensor) -> Tensor:
    """Each reply's score less the mean of its siblings', ``[P, K]`` (RLOO, Ahmadian et al. 2024)."""
    siblings = scores.shape[1] - 1
    return scores - (scores.sum(dim=1, keepdim=True) - scores) / siblings


def clipped_policy_loss(new: Tensor, old: Tensor, advantages: Tensor, mask: Tensor, clip: float) -> Tensor:
    """``mean max(-A r, -A clip(r, 1 - c, 1 + c))``, r the ratio new / old (Schulman et al. 2017, eq. 7)."""
    ratio = torch.exp(new - old)
    plain, clipped = -advantages * ratio, -advantages * ratio.clamp(1 - clip, 1 + clip)
    return (torch.maximum(plain, clipped) * mask).sum() / mask.sum()


def clipped_value_loss(new: Tensor, old: Tensor, returns: Tensor, mask: Tensor, clip: float) -> Tensor:
    """``mean max((V - R)^2, (clip(V, V_old - c, V_old + c) - R)^2) / 2``: a scalar."""
    held = torch.minimum(torch.maximum(new, old - clip), old + clip)
    return 0.5 * (torch.maximum((new - returns) ** 2, (held - returns) ** 2) * mask).sum() / mask.sum()


@dataclass(frozen=True)
class AdaptiveKl:
    """A KL coefficient that steers the measured KL to ``target`` (Ziegler et al. 2019, section 2.2)."""

    beta: float = 0.15
    target: float = 6.0
    horizon: int = 10_000

    def after(self, kl: float, samples: int) -> AdaptiveKl:
        """``beta (1 + clip(kl / target - 1, +-0.2) samples / horizon)``."""
        error = min(0.2, max(-0.2, kl / self.target - 1))
        return replace(self, beta=self.beta * (1 + error * samples / self.horizon))
