"""Loading models and tokenizers: safetensors only, no code from the model's folder, clear refusals."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging

from training.attention import NAME as ATTENTION_IN_PARTS
from training.contracts import ContractError, JobSpec
from training.data import Encoder
from training.forward import Way
from training.fused import fuse_layers
from training.lanes import SMALL
from training.selfcheck import find_ways

logging.set_verbosity_error()
logging.disable_progress_bar()

SLOWER: dict[Way, str] = {"mask": "under a mask", "padded": "each completion in a padded row of its own"}
CPU = torch.device("cpu")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def resolve_device(name: str) -> torch.device:
    """``auto`` is CUDA where there is one; raises :class:`ContractError` for a device that is not there."""
    if name == "auto":
        # Among several processes each has a device of its own, which is its current one.
        return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else CPU
    try:
        device = torch.device(name)
    except RuntimeError as problem:
        raise ContractError(f"The device {name!r} is not one that torch knows.") from problem
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ContractError(f"The device {name!r} was asked for, but torch sees no CUDA device.")
    return device


def check_source(source: str, role: str) -> None:
    """Refuse a local model folder that cannot be loaded, in one sentence that names what is missing."""
    if not source:
        raise ContractError(f"The job names no {role}.")
    path = Path(source)
    if not path.is_absolute() and not source.startswith((".", "~")) and not path.exists():
        return  # a Hugging Face id
    if not path.is_dir():
        raise ContractError(f"The {role} {source} is not a folder that exists.")
    if not (path / "config.json").is_file():
        raise ContractError(f"The {role} {source} has no config.json, so it is not a Hugging Face model.")
    if not any(path.glob("*.safetensors")):
        raise ContractError(f"The {role} {source} has no safetensors weights; other formats are not loaded.")


def _load(loader: Callable[..., Any], source: str, role: str, **options: Any) -> Any:
    check_source(source, role)
    try:
        return loader(source, trust_remote_code=False, **options)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as problem:
        reason = " ".join(str(problem).split())[:300]
        where = "" if os.path.isdir(source) else " from the Hugging Face hub"
        raise ContractError(f"The {role} {source} cannot be loaded{where}: {reason}") from problem


def load_tokenizer(source: str, role: str = "policy") -> PreTrainedTokenizerBase:
    """The tokenizer of a model."""
    return _load(AutoTokenizer.from_pretrained, source, role)


def load_policy(source: str, job: JobSpec, role: str = "policy", *, train: bool = False) -> PreTrainedModel:
    """A causal language model that attends in parts.

    Weights that are trained whole stay in float32 whatever the precision, since small steps vanish in
    bfloat16; pass ``train`` for those.
    """
    dtype = torch.float32 if train else DTYPES[job.precision]
    model, info = _load(
        AutoModelForCausalLM.from_pretrained,
        source,
        role,
        use_safetensors=True,
        dtype=dtype,
        attn_implementation=ATTENTION_IN_PARTS,
        output_loading_info=True,
    )
    if any(name.endswith("ForSequenceClassification") for name in model.config.architectures or ()):
        raise ContractError(f"The {role} {source} is a reward model, which writes no replies.")
    if info["missing_keys"]:  # transformers would draw them at random
        raise ContractError(f"The {role} {source} has no weights for {min(info['missing_keys'])}.")
    return _ready(model, job, source, role)


def load_reward_model(source: str, job: JobSpec, role: str = "reward model") -> PreTrainedModel:
    """A trunk with a linear head named ``score``, as the reward stage wrote it: one output a member."""
    model, missing = _load_reward(source, role, DTYPES[job.precision])
    if missing:
        raise ContractError(f"The {role} {source} has no weights for {missing[0]}: it is no reward model.")
    return _ready(model, job, source, role)


def new_reward_model(policy: str, job: JobSpec, seed: int) -> PreTrainedModel:
    """A reward model on the policy's trunk, with a fresh head."""
    model, missing = _load_reward(policy, "policy", torch.float32, num_labels=1)
    if trunk := [name for name in missing if not name.startswith("score.")]:
        raise ContractError(f"The policy {policy} has no weights for {trunk[0]}: its files are incomplete.")
    head = model.score
    assert isinstance(head, nn.Linear)
    with torch.no_grad():
        head.weight.copy_(new_head(head.in_features, seed))
    return _ready(model, job, policy, "policy")


def new_head(width: int, seed: int) -> torch.Tensor:
    """The weights of a scalar head, ``[1, width]``, drawn from N(0, 1 / sqrt(width + 1))."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((1, width), generator=generator) * (width + 1) ** -0.5


def _load_reward(
    source: str, role: str, dtype: torch.dtype, **options: int
) -> tuple[PreTrainedModel, list[str]]:
    """The model, and the names of the weights that its files lack, which were drawn at random."""
    model, info = _load(
        AutoModelForSequenceClassification.from_pretrained,
        source,
        role,
        use_safetensors=True,
        dtype=dtype,
        attn_implementation=ATTENTION_IN_PARTS,
        output_loading_info=True,
        **options,
    )
    if not isinstance(getattr(model, "score", None), nn.Linear):
        raise ContractError(f"The {role} {source} is a {model.config.model_type}, which has no scalar head.")
    return model, sorted(info["missing_keys"])


def _ready(model: PreTrainedModel, job: JobSpec, source: str, role: str) -> PreTrainedModel:
    """On its device and without dropout, under which an untrained policy would not equal its reference."""
    if "OMP_NUM_THREADS" not in os.environ and model.num_parameters() < SMALL:
        torch.set_num_threads(1)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    model.to(resolve_device(job.device)).eval()  # type: ignore[arg-type]  # it takes a device
    fuse_layers(model)
    ways = find_ways(model)
    if ways is None:
        raise ContractError(
            f"The {role} {source} is a {model.config.model_type}, which does not attend in every layer, or "
            "not as this check understands: it is not supported."
        )
    if ways.within != "parts":
        sys.stderr.write(
            f"The {role} {source} is a {model.config.model_type}, whose attention is not plain: it runs "
            f"{SLOWER[ways.within]}, which is exact and slower.\n"
        )
    return model


def check_same_vocabulary(policy: PreTrainedModel, other: PreTrainedModel, role: str) -> None:
    """Refuse to compare, token by token, models that do not speak of the same tokens."""
    ours, theirs = policy.config.vocab_size, other.config.vocab_size
    if ours != theirs:
        raise ContractError(
            f"The {role} {other.config._name_or_path} has a vocabulary of {theirs} tokens and the policy "
            f"{policy.config._name_or_path} one of {ours}: they cannot be compared."
        )


def encoder_for(model: PreTrainedModel, source: str, role: str = "policy") -> Encoder:
    """The encoder of a loaded model; raises :class:`ContractError` when its tokenizer does not fit it."""
    tokenizer = load_tokenizer(source, role)
    vocabulary = int(model.config.vocab_size)
    if len(tokenizer) > vocabulary:
        raise ContractError(
            f"The {role} {source} has a tokenizer of {len(tokenizer)} tokens but weights for {vocabulary}."
        )
    return Encoder(tokenizer, _context(model), vocabulary)


def _context(model: PreTrainedModel) -> int:
    return int(model.config.get_text_config().max_position_embeddings)


def stop_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The token ids that end a reply."""
    named = model.generation_config.eos_token_id if model.generation_config else None
    ids = named if isinstance(named, list) else [named]
    known = [int(token) for token in [*ids, tokenizer.eos_token_id] if token is not None]
    if not known:
        raise ContractError("The policy names no end-of-sequence token, so no reply of it would ever stop.")
    return sorted(set(known))
