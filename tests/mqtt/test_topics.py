"""gasguard's own topics: what is written is read back as the same."""

import pytest

from gasguard.mqtt.topics import ALL, REQUESTS, Addressed, Topics

OWN = Topics("home/stove")


@pytest.mark.parametrize("asks", REQUESTS)
@pytest.mark.parametrize("burner", ["left", "back_right", ALL])
def test_a_request_is_read_as_it_was_written(burner: str, asks: str) -> None:
    assert OWN.addressed(OWN.request(burner, asks)) == Addressed(burner, asks)
    assert OWN.of(burner).request(asks) == OWN.request(burner, asks)


@pytest.mark.parametrize(
    "topic",
    [
        "home/stove/left/off",
        "home/stove/left/off/set/set",
        "home/stove/left/open/set",
        "home/stove/off/set",
        "home/left/off/set",
        "left/off/set",
        "home/stove/left/timer/extend/more/set",
        "",
    ],
)
def test_what_is_no_request_is_none(topic: str) -> None:
    assert OWN.addressed(topic) is None


def test_states_and_acks_name_their_burner() -> None:
    assert OWN.burner_of(OWN.state("left"), "state") == "left"
    assert OWN.burner_of(OWN.ack("left"), "ack") == "left"
    assert OWN.burner_of(OWN.state("left"), "ack") is None
    assert OWN.burner_of("home/stove/left/relay/state", "state") is None
    assert OWN.burner_of("elsewhere/left/state", "state") is None


def test_every_topic_of_its_own_is_known_as_such() -> None:
    own = (OWN.status, OWN.history, OWN.state("x"), OWN.event("x"), OWN.ack("x"))
    assert all(OWN.owns(topic) for topic in (*own, *OWN.requests()))
    assert not OWN.owns("home/stove/left/flame")
    assert not OWN.owns("home/stove2/left/state")
