"""Profiles: for their owner's eyes alone, and for the exchange that they were kept for."""

from pathlib import Path

import pytest

from databourse_client import profiles
from databourse_client.troubles import BadProfile


def test_a_profile_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    told = {"DATABOURSE_HOME": str(tmp_path / "home")}

    path = profiles.save(None, url="https://one.example/", token="t1", environment=told)
    found = profiles.load(environment=told)
    here = profiles.load(environment={**told, "DATABOURSE_TOKEN": "t2", "LANG": "zh_CN.UTF-8"})
    elsewhere = profiles.load(url="https://two.example", environment=told)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert (found.url, found.token, found.language) == ("https://one.example", "t1", "en")
    assert (here.token, here.language) == ("t2", "zh")
    assert elsewhere.token is None
    assert elsewhere.folder != found.folder


def test_a_profile_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    told = {"DATABOURSE_HOME": str(tmp_path)}
    path = profiles.save("work", url="https://one.example", token="t", environment=told)
    path.chmod(0o644)

    with pytest.raises(BadProfile, match="chmod 600"):
        profiles.load("work", environment=told)


@pytest.mark.parametrize("text", ["no json", "[]"])
def test_a_profile_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    profiles.keep(tmp_path / "default" / "profile.json", text)

    with pytest.raises(BadProfile, match="JSON"):
        profiles.load(environment={"DATABOURSE_HOME": str(tmp_path)})


@pytest.mark.parametrize("name", ["../other", "a/b", "..", "x" * 61])
def test_a_profile_has_a_plain_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadProfile, match="name"):
        profiles.load(name, environment={"DATABOURSE_HOME": str(tmp_path)})


def test_without_an_exchange_it_is_told_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(BadProfile, match="DATABOURSE_URL"):
        profiles.load(environment={"DATABOURSE_HOME": str(tmp_path)})
