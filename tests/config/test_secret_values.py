"""A secret never comes into a configuration, nor into what is said of it."""

import pytest

from likeness.config.secret_values import refuse_secrets
from likeness.errors import LikenessError
from likeness.recipes.choose import training_config
from likeness.runs.trackers.hidden import without_secrets

SECRET = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    "override",
    [
        f"+logger.wandb.api_key={SECRET}",
        f"+loss.token={SECRET}",
        f"+data.hf_token={SECRET}",
        f"+data.aws_secret_key={SECRET}",
        f"+data.Password='{SECRET}'",
        f"data.root='https://ada:{SECRET}@example.org/faces'",
        f"+logger.mlflow.uri='postgresql://ada:{SECRET}@example.org/db'",
    ],
)
def test_a_secret_is_refused_by_its_key_and_its_value_is_not_said(override: str) -> None:
    with pytest.raises(LikenessError, match="let the part read it from a variable") as raised:
        training_config(["data=image_folder", "data.root=x", override])
    assert SECRET not in str(raised.value)
    assert override.lstrip("+").partition("=")[0] in str(raised.value)


def test_what_only_sounds_like_one_is_taken() -> None:
    refuse_secrets({"loss": {"tokens": 3, "token": 4, "key": "a", "keys": ["a"], "tokenizer": "b"}})
    refuse_secrets({"data": {"root": "file:///a:b/c@d", "path": "s3://a/b@c", "password": ""}})


def test_what_a_tracker_says_has_no_key_of_the_environment_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WANDB_API_KEY", "MLFLOW_TRACKING_TOKEN", "DB_PASSWORD"):
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("A_TOKEN", "1")
    said = without_secrets(f"Bearer {SECRET} at http://ada:pass@host:80/x, step 1 of http://host:80/y@z")
    assert said == "Bearer [hidden] at http://ada:[hidden]@host:80/x, step 1 of http://host:80/y@z"
