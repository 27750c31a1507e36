"""The container's files, as far as they can be looked at without a container engine."""

import re
import shlex
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "gasguard" / "data" / "container"


def steps() -> list[tuple[str, str]]:
    """Instruction and words of each line of the Containerfile, in order."""
    text = re.sub(r"\\\n\s*", "", (FOLDER / "Containerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def services() -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = yaml.safe_load((FOLDER / "compose.yaml").read_text())[
        "services"
    ]
    return found


def test_what_is_copied_is_there_and_is_all_that_the_build_needs():
    copied = [
        name
        for word, rest in steps()
        if word == "COPY" and "--from" not in rest
        for name in shlex.split(rest)[:-1]
    ]
    assert all((ROOT / name).exists() for name in copied)
    project = (ROOT / "pyproject.toml").read_text()
    readme = re.search(r'^readme = "(.*)"$', project, re.M)
    assert readme and readme[1] in copied
    assert {"pyproject.toml", "gasguard"} <= set(copied)


def test_nothing_runs_as_root():
    words = [word for word, _ in steps()]
    assert dict(steps())["USER"] == "gasguard"
    assert words.index("USER") > max(number for number, word in enumerate(words) if word == "RUN")
    made = " ".join(rest for word, rest in steps() if word == "RUN")
    daemon, page = (re.search(rf"--uid (\d+) [^&]*{name}\b(?: &|$)", made) for name in USERS)
    assert daemon and page
    group = re.search(r"--gid (\d+) gasguard", made)
    assert group
    users = {name: str(one["user"]) for name, one in services().items()}
    assert users == {"gasguard": f"{daemon[1]}:{group[1]}", "page": f"{page[1]}:{group[1]}"}
    for one in services().values():
        assert one["cap_drop"] == ["ALL"] and one["read_only"] is True
        assert one["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in one


USERS = ("gasguard", "gasguard-web")


def test_broadcasts_reach_the_relays_and_the_state_outlives_the_container():
    volume = dict(steps())["VOLUME"]
    for one in services().values():
        assert one["network_mode"] == "host" and one["restart"] == "always"
        assert f"state:{volume}" in one["volumes"]  # type: ignore[operator] # a list


def test_the_daemon_has_the_time_to_end_that_its_unit_gives_it():
    unit = (FOLDER.parent / "gasguard.service").read_text()
    stop = re.search(r"^TimeoutStopSec=(\d+)$", unit, re.M)
    assert stop
    assert int(str(services()["gasguard"]["stop_grace_period"]).removesuffix("s")) >= int(stop[1])
