"""/api/users and /api/tokens: what each role may do, and that secrets are shown once."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from annotate.accounts.models import ApiToken, User
from annotate.accounts.services import create_token, create_user

pytestmark = pytest.mark.django_db


def _client(role: str, username: str = "") -> APIClient:
    user, _ = create_user(username=username or f"the-{role}", role=role)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {create_token(user=user, name='test')[1]}")
    return client


def test_it_creates_a_person_whose_generated_password_works() -> None:
    made = _client("admin").post("/api/users", {"username": "eve", "role": "annotator"}, format="json")
    assert made.status_code == 201
    assert User.objects.get(username="eve").check_password(made.json()["password"])


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"username": "the-admin", "role": "annotator"}, 409),
        ({"username": "eve", "role": "boss"}, 400),
        ({"username": "e v e", "role": "annotator"}, 400),
        ({"username": "eve", "role": "annotator", "password": "short"}, 400),
        ({"role": "annotator"}, 400),
    ],
)
def test_it_refuses_a_person_it_cannot_create(wanted: dict, status: int) -> None:
    answer = _client("admin").post("/api/users", wanted, format="json")
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_it_lets_only_admins_change_people_and_only_staff_list_them() -> None:
    admin, researcher, annotator = (_client(role) for role in ("admin", "researcher", "annotator"))
    eve = {"username": "eve", "role": "annotator"}
    assert [client.get("/api/users").status_code for client in (admin, researcher, annotator)] == [
        200,
        200,
        403,
    ]
    assert researcher.post("/api/users", eve, format="json").status_code == 403
    target = User.objects.get(username="the-annotator")
    assert researcher.patch(f"/api/users/{target.pk}", {"role": "admin"}, format="json").status_code == 403
    assert admin.patch(f"/api/users/{target.pk}", {"role": "researcher"}, format="json").status_code == 200
    assert APIClient().get("/api/users").status_code == 401


def test_it_keeps_the_last_admin() -> None:
    admin = _client("admin")
    mine = User.objects.get(username="the-admin")
    for change in ({"role": "annotator"}, {"is_active": False}):
        answer = admin.patch(f"/api/users/{mine.pk}", change, format="json")
        assert answer.status_code == 409
    _client("admin", "second")
    assert admin.patch(f"/api/users/{mine.pk}", {"role": "annotator"}, format="json").status_code == 200


def test_it_shuts_out_a_person_who_was_switched_off() -> None:
    annotator = _client("annotator")
    User.objects.filter(username="the-annotator").update(is_active=False)
    assert annotator.get("/api/tokens").status_code == 401


def test_it_makes_lists_and_revokes_ones_own_tokens_and_stores_no_value() -> None:
    client, other = _client("annotator"), _client("researcher")
    made = client.post("/api/tokens", {"name": "script"}, format="json").json()
    assert not ApiToken.objects.filter(digest=made["token"]).exists()
    assert [token["name"] for token in client.get("/api/tokens").json()] == ["test", "script"]
    assert "token" not in client.get("/api/tokens").json()[0]
    assert other.delete(f"/api/tokens/{made['id']}").status_code == 404
    script = APIClient()
    script.credentials(HTTP_AUTHORIZATION=f"Bearer {made['token']}")
    assert script.get("/api/tokens").status_code == 200
    assert client.delete(f"/api/tokens/{made['id']}").status_code == 204
    assert script.get("/api/tokens").status_code == 401
