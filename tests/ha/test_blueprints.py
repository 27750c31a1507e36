"""The blueprints of `gasguard ha-export`, checked and carried out by Home Assistant itself."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.ha.house import House
from tests.support.waiting import eventually, never

EVENT = "event.gasguard_left_event"
SHANGHAI = timezone(timedelta(hours=8))
"""Where the test's Home Assistant is."""


@pytest.fixture(autouse=True, scope="module")
def exported(house: House) -> None:
    said = house.kitchen.local("ha-export", str(house.ha.folder))
    assert said.code == 0, said
    eventually(lambda: house.ha.state("button.gasguard_left_off") == "unknown", 20)
    house.ha.until(sensor__gasguard_left_phase="Ready")


def test_home_assistant_accepts_the_blueprints(house):
    found = house.ha.ask("blueprint/list", domain="automation")
    ours = {path: one for path, one in found.items() if path.startswith("gasguard/")}
    assert set(ours) == {
        f"gasguard/{name}.yaml" for name in ("announce", "night_lock", "prewarning")
    }
    assert not [one for one in ours.values() if "error" in one]


def _ask(house: House, name: str) -> str:
    return house.ha.automate(
        name,
        "prewarning",
        event=EVENT,
        extend="button.gasguard_left_timer_extend",
        shut_off="button.gasguard_left_off",
        notify="notify.persistent_notification",
    )


def test_no_extension_is_offered_of_what_none_can_put_off(house):
    name = _ask(house, "ask_once")
    for cause, offers in (("schedule", 1), ("max_burn", 2), ("schedule", 1)):
        warning = {"type": "prewarning", "reason": cause, "source": "guard", "burner": "left"}
        with house.ha.hearing("call_service") as calls:
            house.ear.send(
                "left/event", json.dumps({**warning, "at": datetime.now(UTC).isoformat()})
            )
            while (call := calls(15))["domain"] != "notify":
                pass
        assert len(call["service_data"]["data"]["actions"]) == offers, cause
    house.ha.call("automation.turn_off", name)


@pytest.mark.parametrize("answer", [0, 1])
def test_the_phone_is_asked_before_the_timer_ends_and_obeyed(house, answer):
    ha = house.ha
    name = _ask(house, f"ask_{answer}")
    with ha.hearing("call_service") as calls:
        house.ear.send("left/timer/set", "8s")
        while (call := calls(15))["domain"] != "notify":
            pass
    asked = call["service_data"]
    assert asked["title"] == "Left burner"
    extend, shut_off = asked["data"]["actions"]
    assert extend["action"] != shut_off["action"]
    mark = house.ear.mark
    ha.fire("mobile_app_notification_action", action=(extend, shut_off)[answer]["action"])
    if answer == 0:
        house.ear.event("timer_extended", since=mark)
        house.ear.send("left/timer/set", "cancel")
    else:
        assert house.ear.event("trip", since=mark)["reason"] == "remote"
    ha.until(sensor__gasguard_left_phase="Ready", number__gasguard_left_timer="0")
    ha.call("automation.turn_off", name)


def test_a_shutoff_is_announced_once_and_not_again_when_the_daemon_comes_back(house):
    ha = house.ha
    say = {"service": "persistent_notification.create", "data": {"message": "{{ text }}"}}
    name = ha.automate("announce", "announce", events=[EVENT], language="zh", announce=[say])

    def said() -> list[str]:
        return [one["message"].strip() for one in ha.ask("persistent_notification/get")]

    before = len(said())
    ha.call("button.press", "button.gasguard_left_off")
    eventually(lambda: len(said()) == before + 1, 5)
    assert "Left burner 正在关火" in said()
    ha.until(sensor__gasguard_left_phase="Ready")

    ha.call("button.press", "button.gasguard_left_timer_extend")
    eventually(lambda: len(said()) == before + 2, 5)
    before += 1
    refused = house.ear.ack("rejected")["message"]
    assert f"Left burner 拒绝了命令： {refused}" in said()

    # A trip that nobody re-arms is the last event: coming back shows it once more.
    house.stove.fault("left", offline=True)
    ha.until(within=20, binary_sensor__gasguard_left_relay="off")
    eventually(lambda: len(said()) == before + 2, 5)
    assert "Left burner 继电器失联，请留意" in said()
    house.daemon.kill()
    ha.until(event__gasguard_left_event="unavailable")
    house.daemon = house.kitchen.daemon(phase=None)
    eventually(lambda: ha.state(EVENT) != "unavailable", 10)
    never(lambda: len(said()) > before + 2, 2, "an old event was announced")
    house.stove.fault("left", offline=False)
    ha.until(within=15, sensor__gasguard_left_phase="Ready")
    ha.call("automation.turn_off", name)


def test_the_night_lock_waits_for_the_flame_and_unlocks_only_what_it_locked(house):
    ha = house.ha
    now = datetime.now(SHANGHAI)
    begin, until = now + timedelta(seconds=3), now + timedelta(seconds=12)
    ha.call("lock.lock", "lock.gasguard_right_lock")
    ha.until(lock__gasguard_right_lock="locked")
    house.flame("lit")
    ha.until(binary_sensor__gasguard_left_flame="on")
    ha.automate(
        "night",
        "night_lock",
        locks=["lock.gasguard_left_lock", "lock.gasguard_right_lock"],
        until=until.strftime("%H:%M:%S"),
        **{"from": begin.strftime("%H:%M:%S")},
        flames=["binary_sensor.gasguard_left_flame"],
    )
    eventually(lambda: ha.attributes("automation.night")["current"] == 1, 6)
    never(lambda: house.ear.state("left")["locks"], 1, "locked while cooking")
    house.flame("out")
    ha.until(lock__gasguard_left_lock="locked")
    ha.until(within=20, lock__gasguard_left_lock="unlocked", lock__gasguard_right_lock="locked")
    ha.call("lock.unlock", "lock.gasguard_right_lock")
    ha.until(sensor__gasguard_left_phase="Ready", sensor__gasguard_right_phase="Ready")


def test_home_assistant_complained_of_nothing(house):
    assert house.ha.complaints == []
