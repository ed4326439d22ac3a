import httpx
import pytest

pytestmark = pytest.mark.anyio

ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse"}


@pytest.fixture
async def token(client: httpx.AsyncClient) -> str:
    response = await client.post("/api/v1/auth/register", json=ADA)
    return str(response.json()["data"]["token"])


@pytest.mark.usefixtures("token")
async def test_exchanges_credentials_for_a_token(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/api/v1/auth/login", json={"email": "ADA@example.com", "password": ADA["password"]}
    )

    assert response.status_code == 200
    assert response.json()["message"] == "Login successful"
    assert response.json()["data"]["user"]["name"] == "Ada Lovelace"


async def test_takes_a_password_in_whichever_form_a_keyboard_sends_it(client: httpx.AsyncClient) -> None:
    body = {**ADA, "password": "caf\u00e9 caf\u00e9"}
    await client.post("/api/v1/auth/register", json=body)

    for password in ("caf\u00e9 caf\u00e9", "cafe\u0301 cafe\u0301"):
        response = await client.post("/api/v1/auth/login", json={"email": ADA["email"], "password": password})
        assert response.status_code == 200


@pytest.mark.usefixtures("token")
async def test_tells_a_wrong_password_and_an_unknown_account_alike(client: httpx.AsyncClient) -> None:
    wrong = await client.post("/api/v1/auth/login", json={"email": ADA["email"], "password": "wrong horse"})
    unknown = await client.post("/api/v1/auth/login", json={"email": "eve@example.com", "password": "wrong"})
    nonsense = await client.post("/api/v1/auth/login", json={"email": "nonsense", "password": "wrong"})

    answers = [response.json() for response in (wrong, unknown, nonsense)]
    for answer in answers:
        del answer["meta"]
    assert {response.status_code for response in (wrong, unknown, nonsense)} == {401}
    assert {response.headers["www-authenticate"] for response in (wrong, unknown, nonsense)} == {"Bearer"}
    assert answers[0] == answers[1] == answers[2]


async def test_shows_the_user_that_a_token_belongs_to(client: httpx.AsyncClient, token: str) -> None:
    response = await client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {token}"})

    assert response.status_code == 200
    assert response.json()["data"]["email"] == "ada@example.com"


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        ([], "Bearer"),
        ([("Authorization", "")], "Bearer"),
        ([("Authorization", "Bearer")], "Bearer"),
        ([("Authorization", "Basic YTpi")], "Bearer"),
        ([("Authorization", "Bearer nonsense")], 'Bearer error="invalid_token"'),
        ([("Authorization", "bearer " + "a" * 9000)], 'Bearer error="invalid_token"'),
        ([("Authorization", "Bearer a"), ("Authorization", "Bearer b")], 'Bearer error="invalid_token"'),
    ],
)
async def test_wants_exactly_one_bearer_token(
    client: httpx.AsyncClient, headers: list[tuple[str, str]], challenge: str
) -> None:
    response = await client.get("/api/v1/users/me", headers=headers)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == challenge
    assert response.headers["content-type"] == "application/problem+json"
