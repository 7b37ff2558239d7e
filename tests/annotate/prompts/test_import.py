"""POST /api/campaigns/{id}/prompts/import, the list, and the command."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings
from rest_framework.test import APIClient

from annotate.accounts.services import create_user
from annotate.campaigns.models import Campaign
from annotate.campaigns.services import create_campaign
from annotate.prompts.models import Prompt
from annotate.prompts.services import choose_prompts, count_prompts, import_prompts

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return create_campaign(creator=None, name="Kindness")


def _client(role: str = "researcher") -> APIClient:
    client = APIClient()
    client.force_authenticate(create_user(username=f"the-{role}", role=role)[0])
    return client


def _upload(campaign: Campaign, content: bytes, client: APIClient | None = None, **fields: Any) -> Any:
    file = io.BytesIO(content)
    file.name = "prompts.jsonl"
    return (client or _client()).post(
        f"/api/campaigns/{campaign.pk}/prompts/import", {"file": file, **fields}, format="multipart"
    )


def _rows(*rows: Any) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def test_it_imports_and_counts_duplicates(campaign: Campaign) -> None:
    answer = _upload(
        campaign,
        _rows({"prompt": "a", "split": "train"}, {"prompt": "a"}, {"prompt": "b", "split": "heldout"}),
    )
    assert answer.status_code == 201
    assert answer.json() == {"added": 2, "duplicates": 1, "train": 1, "heldout": 1}


def test_it_keeps_a_prompts_split_for_life(campaign: Campaign) -> None:
    import_prompts(campaign=campaign, stream=io.BytesIO(_rows({"prompt": "a", "split": "heldout"})))
    again = _upload(campaign, _rows({"prompt": "a", "split": "train"}))
    assert again.json() == {"added": 0, "duplicates": 1, "train": 0, "heldout": 0}
    assert Prompt.objects.get().split == "heldout"


def test_it_lets_the_conversations_hash_decide_the_split(campaign: Campaign) -> None:
    rows = [{"prompt": f"Prompt {number}"} for number in range(2500)]
    import_prompts(campaign=campaign, stream=io.BytesIO(_rows(*rows)), heldout_share=0.2)
    # 2500 draws with p = 0.2: mean 500, standard deviation 20.
    assert 420 < count_prompts(campaign=campaign)["heldout"] < 580
    other = create_campaign(creator=None, name="Other")
    import_prompts(campaign=other, stream=io.BytesIO(_rows(*reversed(rows))), heldout_share=0.2)
    splits = [
        dict(Prompt.objects.filter(campaign=each).values_list("digest", "split"))
        for each in (campaign, other)
    ]
    assert splits[0] == splits[1]


def test_it_imports_nothing_when_a_line_is_wrong(campaign: Campaign) -> None:
    good = [{"prompt": f"Prompt {number}"} for number in range(1500)]
    answer = _upload(campaign, _rows(*good) + b"\n{oops\n" + _rows({"messages": []}, {"prompt": "fine"}))
    assert answer.status_code == 400
    body = answer.json()
    assert [problem["line"] for problem in body["problems"]] == [1502, 1503]
    assert body["detail"].startswith("Nothing was imported: line 1502: not JSON")
    assert not Prompt.objects.exists()


def test_it_reports_at_most_twenty_problems(campaign: Campaign) -> None:
    assert len(_upload(campaign, b"oops\n" * 500).json()["problems"]) == 20


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_it_refuses_an_empty_file(campaign: Campaign, content: bytes) -> None:
    answer = _upload(campaign, content)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Nothing was imported: the file is empty."


def test_it_refuses_a_file_that_is_not_text(campaign: Campaign) -> None:
    answer = _upload(campaign, '{"prompt": "a"}\n'.encode("utf-16"))
    assert answer.status_code == 400
    assert answer.json()["problems"][0] == {"line": 1, "reason": "not UTF-8 (byte 1 of the line)"}


def test_it_refuses_a_file_that_is_too_large(campaign: Campaign, settings: Settings) -> None:
    settings.PROMPT_FILE_MAX_BYTES = 100
    rows = _rows(*({"prompt": f"Prompt {number}"} for number in range(50)))
    assert _upload(campaign, rows).status_code == 413
    settings.PROMPT_FILE_MAX_BYTES = 0
    assert _upload(campaign, rows + b" " * 70_000, _client("admin")).status_code == 413
    assert not Prompt.objects.exists()


@pytest.mark.parametrize("share", ["1.5", "-1", "nan", "many"])
def test_it_refuses_a_wrong_share(campaign: Campaign, share: str) -> None:
    assert _upload(campaign, _rows({"prompt": "a"}), heldout_share=share).status_code == 400


def test_it_refuses_a_request_without_a_file_and_people_who_may_not(campaign: Campaign) -> None:
    url = f"/api/campaigns/{campaign.pk}/prompts/import"
    assert _client().post(url, {}, format="multipart").status_code == 400
    assert _upload(campaign, _rows({"prompt": "a"}), _client("annotator")).status_code == 403
    assert _upload(campaign, _rows({"prompt": "a"}), APIClient()).status_code == 401
    campaign.pk = 999_999
    assert _upload(campaign, _rows({"prompt": "a"}), _client("admin")).status_code == 404


def test_it_lists_by_split_and_by_text(campaign: Campaign) -> None:
    rows = _rows({"prompt": "Say hello", "split": "train"}, {"prompt": "Paint a user", "split": "heldout"})
    import_prompts(campaign=campaign, stream=io.BytesIO(rows))
    client = _client()
    url = f"/api/campaigns/{campaign.pk}/prompts"

    def listed(query: str) -> list[str]:
        return [row["messages"][0]["content"] for row in client.get(url + query).json()["results"]]

    assert listed("") == ["Say hello", "Paint a user"]
    assert listed("?split=heldout") == ["Paint a user"]
    assert listed("?q=HELLO") == ["Say hello"]
    assert listed("?q=user") == ["Paint a user"]
    assert client.get(url + "?split=test").status_code == 400
    assert client.get(url + "?q=%00").status_code == 400
    assert client.get(url + "?page=99").status_code == 404


def test_it_chooses_the_least_used_prompts_the_same_way_each_time(campaign: Campaign) -> None:
    rows = [{"prompt": f"Prompt {number}", "split": "train"} for number in range(20)]
    import_prompts(campaign=campaign, stream=io.BytesIO(_rows(*rows)))
    Prompt.objects.filter(pk__in=Prompt.objects.values("pk")[:10]).update(used=1)

    def chosen(seed: int, number: int, count: int = 10) -> list[int]:
        prompts = choose_prompts(
            campaign=campaign, split="train", count=count, seed=seed, round_number=number
        )
        return [prompt.pk for prompt in prompts]

    assert chosen(0, 1) == chosen(0, 1)
    assert set(chosen(0, 1)) == set(Prompt.objects.filter(used=0).values_list("pk", flat=True))
    assert chosen(0, 1) != chosen(1, 1) != chosen(1, 2)


def test_its_command_imports_or_names_the_lines(campaign: Campaign, tmp_path: Path) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_bytes(_rows({"prompt": "a"}))
    call_command("import_prompts", "Kindness", str(file), stdout=io.StringIO())
    call_command("import_prompts", str(campaign.pk), str(file), stdout=io.StringIO())
    assert Prompt.objects.count() == 1
    file.write_bytes(b"oops")
    with pytest.raises(CommandError, match="line 1: not JSON"):
        call_command("import_prompts", "Kindness", str(file))
    with pytest.raises(CommandError, match="There is no campaign Nobody"):
        call_command("import_prompts", "Nobody", str(file))
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("import_prompts", "Kindness", str(tmp_path / "missing"))
