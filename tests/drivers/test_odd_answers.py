"""Mi Home modules whose firmware answers oddly: what is understood, and what is never guessed."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gasguard.config.relays.base import Channel
from gasguard.config.relays.miio import Lease, MiioRelay, MiotRelay
from gasguard.core.model import Contact
from gasguard.drivers.base import Site
from gasguard.drivers.bus import Bus
from gasguard.drivers.miio.codec import encode
from gasguard.drivers.miio.family import Family
from gasguard.errors import Cause, Refused, Unreachable
from gasguard.luck import LUCK
from gasguard.simulator import simtime

from .test_transport import DEVICE, TOKEN, ScriptedDevice

HOST = {"host": "127.0.0.9", "token": TOKEN.hex(), "contact": "normally_open"}
SWITCH = {"siid": 2, "piid": 1}
VOICE = {"siid": 4, "piid": 1}
COUNT = {"siid": 2, "piid": 3}
REFUSED = {"code": -4003}
Say = Callable[[dict[str, Any]], list[dict[str, Any]]]


def no_bus() -> Bus:
    raise AssertionError("these relays need no broker")


def play(
    say: Say,
    story: Callable[[ScriptedDevice, Any], Awaitable[None]],
    *,
    legacy: bool = False,
    voice: bool = False,
    lease: bool = False,
) -> None:
    """Run `story` with a device that answers as `say` says, and its driver."""

    async def whole() -> None:
        loop = asyncio.get_running_loop()
        device = ScriptedDevice(say)
        await loop.create_datagram_endpoint(lambda: device, local_addr=("127.0.0.9", 54321))
        family = Family(Site(LUCK, no_bus))
        countdown = Lease(after="3m", **COUNT) if lease else None
        relay = (
            family.relay(MiioRelay(driver="miio", **HOST), None)
            if legacy
            else family.relay(
                MiotRelay(driver="miot", switch=Channel(**SWITCH), lease=countdown, **HOST),
                Channel(**VOICE) if voice else None,
            )
        )
        await story(device, relay)
        await relay.aclose()

    simtime.run(whole())


def always(**body: Any) -> Say:
    return lambda request: [{"id": request["id"], **body}]


def properties(values: dict[tuple[int, int], Any], *, batch: Say | None = None) -> Say:
    """A module with these; one that is not there is refused. `batch` answers for several."""

    def say(request: dict[str, Any]) -> list[dict[str, Any]]:
        if batch is not None and len(request["params"]) > 1:
            return batch(request)
        entries = []
        for asked in request["params"]:
            key = asked["siid"], asked["piid"]
            told = {"code": 0, "value": values[key]} if key in values else REFUSED
            entries.append({"siid": key[0], "piid": key[1], **told})
        return [{"id": request["id"], "result": entries}]

    return say


def questions(device: ScriptedDevice) -> list[int]:
    """How many properties each question was for."""
    return [len(payload["params"]) for _, payload in device.requests]


# --- the switch's own entry decides ---------------------------------------------------------------

WHOLE = {(2, 1): True, (4, 1): True}
ENTRY = {**SWITCH, "code": 0, "value": True}
BATCHES: dict[str, Any] = {
    "refused": {"error": {"code": -4003, "message": "no"}},
    "refused, a bare code": {"error": -4003},
    "refused, a text": {"error": "invalid params"},
    "null": {"result": None},
    "nothing": {},
    "a bare 0": {"result": 0},
    "ok": {"result": "ok"},
    "an empty list": {"result": []},
    "nulls": {"result": [None, None]},
    "without the switch": {"result": [{**VOICE, "code": 0, "value": True}]},
    "without places": {"result": [{"code": 0, "value": False}, {"code": 0, "value": True}]},
    "an error at the switch": {"result": [{**SWITCH, **REFUSED}, {**VOICE, "value": True}]},
    "no value": {"result": [{**SWITCH, "code": 0}, {**VOICE, "code": 0, "value": True}]},
    "two of the switch": {"result": [ENTRY, {**ENTRY, "value": False}, {**VOICE, "value": True}]},
}


@pytest.mark.parametrize("body", BATCHES.values(), ids=BATCHES)
def test_where_a_question_for_several_fails_the_switch_is_asked_alone(body: dict[str, Any]) -> None:
    async def story(device: ScriptedDevice, relay: Any) -> None:
        reading = await relay.read(0.8)
        assert (reading.contact, reading.voice) == (Contact.CLOSED, True)
        assert reading.problem is None
        assert questions(device) == [2, 1, 1]
        await relay.read(0.8)
        assert questions(device) == [2, 1, 1, 1, 1], "it is remembered"
        await asyncio.sleep(400)
        await relay.read(0.8)
        assert questions(device)[5:] == [2, 1, 1], "and rarely tried again"

    play(properties(WHOLE, batch=always(**body)), story, voice=True)


def test_an_answer_with_the_switch_alone_is_good_for_the_switch() -> None:
    async def story(device: ScriptedDevice, relay: Any) -> None:
        for _ in range(2):
            reading = await relay.read(0.8)
            assert (reading.contact, reading.voice) == (Contact.CLOSED, True)
        assert questions(device) == [2, 1, 1, 1], "the voice channel alone, then each alone"

    play(properties(WHOLE, batch=always(result=[ENTRY])), story, voice=True)


def test_a_slow_module_has_no_less_time_than_it_had() -> None:
    async def story(device: ScriptedDevice, relay: Any) -> None:
        loop = asyncio.get_running_loop()

        def late(request: dict[str, Any]) -> list[dict[str, Any]]:
            for payload in properties(WHOLE)(request):
                data = encode(TOKEN, DEVICE, device.stamp, payload)
                loop.call_later(0.6, device.wire.sendto, data, device.peer)
            return []

        await relay.read(0.8)
        device.answer = late
        for _ in range(3):
            reading = await relay.read(0.8)
            assert (reading.contact, reading.voice) == (Contact.CLOSED, True)
            await asyncio.sleep(2)

    play(properties(WHOLE), story, voice=True)


def test_a_question_for_several_that_is_not_answered_leaves_time_for_the_switch() -> None:
    async def story(device: ScriptedDevice, relay: Any) -> None:
        for _ in range(2):
            assert (await relay.read(0.8)).contact is Contact.CLOSED
        device.requests.clear()
        await relay.read(0.8)
        assert questions(device) == [1, 1], "it is remembered"

    play(properties(WHOLE, batch=lambda _request: []), story, voice=True)


GOOD: dict[str, Any] = {
    "in other order": [{**VOICE, "code": 0, "value": True}, ENTRY],
    "numbers as text": [
        {"siid": "2", "piid": "1", "code": "0", "value": "true"},
        {"siid": "4", "piid": "1", "code": "0", "value": "1"},
    ],
    "numbers as floats": [
        {"siid": 2.0, "piid": 1.0, "code": 0.0, "value": 1.0},
        {"siid": 4.0, "piid": 1.0, "code": 0.0, "value": 1.0},
    ],
    "without codes": [{**SWITCH, "value": True}, {**VOICE, "code": None, "value": True}],
    "by did": [
        {"did": "2-1", "code": 0, "value": True},
        {"did": "4-1", "code": 0, "value": True},
    ],
    "among junk": [None, 7, {**VOICE, "value": "on"}, {"siid": 9, "piid": 9}, ENTRY],
}


@pytest.mark.parametrize("result", GOOD.values(), ids=GOOD)
def test_an_answer_that_can_be_understood_is(result: Any) -> None:
    async def story(device: ScriptedDevice, relay: Any) -> None:
        reading = await relay.read(0.8)
        assert (reading.contact, reading.voice) == (Contact.CLOSED, True)
        assert questions(device) == [2]

    play(always(result=result), story, voice=True)


def test_what_the_model_lacks_is_told_and_hinders_nothing() -> None:
    async def story(device: ScriptedDevice, relay: Any) -> None:
        reading = await relay.read(0.8)
        assert (reading.contact, reading.voice) == (Contact.CLOSED, None)
        assert math.isnan(reading.countdown), "not told is not the same as none"
        assert "voice channel (siid 4 piid 1) is not told" in reading.problem
        assert "countdown (siid 2 piid 3) is not told" in reading.problem
        assert questions(device) == [3], "the switch's own entry was good"

    play(properties({(2, 1): True}), story, voice=True, lease=True)


def test_a_part_that_is_silent_when_asked_alone_is_left_alone_for_a_while() -> None:
    def say(request: dict[str, Any]) -> list[dict[str, Any]]:
        asked = request["params"]
        if len(asked) == 1 and asked[0]["siid"] == 2:
            return [{"id": request["id"], "result": [{**ENTRY, "value": False}]}]
        return []

    async def story(device: ScriptedDevice, relay: Any) -> None:
        loop = asyncio.get_running_loop()
        # Two for the question for all, three for the part: one that is lost makes nothing deaf.
        for _ in range(5):
            assert (await relay.read(0.8)).contact is Contact.OPEN
            assert len(questions(device)) > 1
        device.requests.clear()
        began = loop.time()
        reading = await relay.read(0.8)
        assert loop.time() - began < 0.1
        assert questions(device) == [1]
        assert "voice channel (siid 4 piid 1) is not told: the module" in reading.problem

    play(say, story, voice=True)


# --- values ---------------------------------------------------------------------------------------

ON = [True, 1, 1.0, "on", "ON", " On ", "true", "True", "1"]
OFF = [False, 0, 0.0, "off", "OFF", "false", "0"]
NEITHER = [None, "", "maybe", 2, -1, 0.5, float("nan"), 10**400, [], [True], {}, {"on": True}, "01"]


@pytest.mark.parametrize("value", ON + OFF, ids=repr)
def test_switch_and_voice_channel_however_they_are_spelt(value: Any) -> None:
    on = value in ON

    async def story(_device: ScriptedDevice, relay: Any) -> None:
        reading = await relay.read(0.8)
        assert reading.contact is (Contact.CLOSED if on else Contact.OPEN)
        assert reading.voice is on
        assert reading.problem is None

    play(properties({(2, 1): value, (4, 1): value}), story, voice=True)


@pytest.mark.parametrize("value", NEITHER, ids=repr)
def test_a_value_that_is_not_understood_is_no_contact_and_is_named(value: Any) -> None:
    async def story(_device: ScriptedDevice, relay: Any) -> None:
        with pytest.raises(Refused) as caught:
            await relay.read(0.8)
        assert str(value)[:20] in str(caught.value)
        assert "siid 2 piid 1" in str(caught.value)

    play(properties({(2, 1): value, (4, 1): True}), story, voice=True)


@pytest.mark.parametrize("value", NEITHER, ids=repr)
def test_a_voice_channel_that_is_not_understood_is_neither_on_nor_off(value: Any) -> None:
    async def story(_device: ScriptedDevice, relay: Any) -> None:
        reading = await relay.read(0.8)
        assert (reading.contact, reading.voice) == (Contact.CLOSED, None)
        assert "voice channel (siid 4 piid 1)" in reading.problem

    play(properties({(2, 1): True, (4, 1): value}), story, voice=True)


@pytest.mark.parametrize(
    ("value", "seconds"), [(90, 90), ("90", 90), (90.0, 90), (-1, None), ("-1", None), (0, None)]
)
def test_a_countdown_however_it_is_spelt(value: Any, seconds: float | None) -> None:
    async def story(_device: ScriptedDevice, relay: Any) -> None:
        reading = await relay.read(0.8)
        assert (reading.countdown, reading.problem) == (seconds, None)

    play(properties({(2, 1): True, (2, 3): value}), story, lease=True)


@pytest.mark.parametrize("result", [["on"], ["ON"], "on", [True], [1], ["1"], ["true"]])
def test_an_older_switch_however_it_is_spelt(result: Any) -> None:
    async def story(_device: ScriptedDevice, relay: Any) -> None:
        assert (await relay.read(0.8)).contact is Contact.CLOSED

    play(always(result=result), story, legacy=True)


@pytest.mark.parametrize("result", [[], [""], [2], 0, None, "ok", ["on", "off"], [["on"]], {}])
def test_an_older_switch_that_is_not_understood(result: Any) -> None:
    async def story(_device: ScriptedDevice, relay: Any) -> None:
        with pytest.raises(Refused):
            await relay.read(0.8)

    play(always(result=result), story, legacy=True)


# --- what setting is answered with ----------------------------------------------------------------

TAKEN = [
    0, "0", "ok", "OK", ["ok"], [0], 1, [{**SWITCH, "code": 0}], [{**SWITCH, "code": "0"}],
    [{**SWITCH, "code": 1}], [SWITCH], [{"code": 0}], {**SWITCH, "code": 0},
    [{"did": "2-1", "code": 0}], [{**SWITCH, "code": None}],
]  # fmt: skip
NOT_TAKEN = [
    None, [], "busy", ["busy"], True, False, -4003, "-4003", [None], {}, [{**SWITCH, **REFUSED}],
    [{**SWITCH, "code": "-4003"}], [{**SWITCH, "code": [0]}], [{**SWITCH, "code": 0.5}],
    [{**VOICE, "code": 0}], [{**SWITCH, "code": 0}, {**SWITCH, "code": -1}],
]  # fmt: skip


@pytest.mark.parametrize("result", TAKEN, ids=repr)
def test_a_setting_that_was_taken(result: Any) -> None:
    async def story(_device: ScriptedDevice, relay: Any) -> None:
        await relay.open(0.8)
        await relay.close(0.8)

    play(always(result=result), story)


@pytest.mark.parametrize("result", NOT_TAKEN, ids=repr)
def test_a_setting_that_was_not_taken_or_is_not_understood(result: Any) -> None:
    async def story(_device: ScriptedDevice, relay: Any) -> None:
        with pytest.raises(Refused):
            await relay.open(0.8)

    play(always(result=result), story)


@pytest.mark.parametrize(
    "error", [{"code": -9999}, {"code": "-9999"}, -9999, "busy", {"message": "Device is busy"}]
)
def test_busy_in_every_spelling_is_busy(error: Any) -> None:
    async def story(_device: ScriptedDevice, relay: Any) -> None:
        for call in (relay.read, relay.open):
            with pytest.raises(Unreachable) as caught:
                await call(0.8)
            assert caught.value.cause is Cause.BUSY

    play(always(error=error), story)


@pytest.mark.parametrize("legacy", [True, False])
def test_an_error_that_is_null_is_none(legacy: bool) -> None:
    async def story(_device: ScriptedDevice, relay: Any) -> None:
        await relay.open(0.8)

    play(always(error=None, result=["ok"]), story, legacy=legacy)


# --- ids ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spell", [str, float, lambda number: f"{number}"])
def test_an_id_as_text_or_float_is_the_same_id(spell: Callable[[int], Any]) -> None:
    async def story(_device: ScriptedDevice, relay: Any) -> None:
        await relay.open(0.8)

    play(lambda request: [{"id": spell(request["id"]), "result": 0}], story)


@pytest.mark.parametrize("other", [10**400, -1, 0, None, True, "x", "٣", 1e308, float("inf"), []])
def test_the_answer_to_another_question_is_none_to_this_one(other: Any) -> None:
    async def story(_device: ScriptedDevice, relay: Any) -> None:
        with pytest.raises(Unreachable):
            await relay.open(0.5)

    play(lambda _request: [{"id": other, "result": 0}], story)


# --- doctor ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("legacy", [True, False])
def test_the_round_trip_is_that_of_the_question_that_the_guard_asks(legacy: bool) -> None:
    async def story(device: ScriptedDevice, relay: Any) -> None:
        await relay.read(0.8)
        await relay.ping(0.4)
        (_, read), (_, ping) = device.requests
        assert (read["method"], read["params"]) == (ping["method"], ping["params"])

    say = always(result=["on"]) if legacy else properties(WHOLE)
    play(say, story, legacy=legacy, voice=not legacy)
