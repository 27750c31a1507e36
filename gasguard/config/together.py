"""What must hold between the parts of the file, though each is sound by itself."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from gasguard.config.broker import Mqtt
from gasguard.config.burners import NEED_FLAME, NO_FLAME, NO_RELAY, BurnerConfig, is_off
from gasguard.config.faults import Fault, shown_key
from gasguard.config.hood import HoodConfig
from gasguard.config.messages import CAUSES, Messages
from gasguard.config.relays.base import Agreement, Claim
from gasguard.config.schedules import Schedule
from gasguard.config.sensors import AnySensor, Hazard, OnTopic, PeopleSensor
from gasguard.config.shape import nearest
from gasguard.mqtt.topics import Topics

_FLAME = "flame"
"""What a burner's own flame sensor is called in events and in its state."""
_HEADERS_BUS = 1
"""The I²C bus of a Pi's header."""


def shared_hardware(
    burners: dict[str, BurnerConfig], hood: HoodConfig | None = None
) -> Iterator[Fault]:
    """Two places that would move the same contact."""
    taken: list[tuple[str, str, Claim]] = []
    for part in _parts(burners, hood):
        told = set()
        for place, claim in part.claims:
            for other, first, known in taken:
                if claim.clashes_with(known) and other not in told:
                    yield Fault(place, claim.fault.format(other=first))
                    told.add(other)
                    break
            taken.append((part.place, place, claim))


class _Part(NamedTuple):
    """A relay in its place, and all that the burner needs of its device."""

    place: str
    agreements: list[Agreement]
    claims: list[tuple[str, Claim]]


def _parts(burners: dict[str, BurnerConfig], hood: HoodConfig | None = None) -> Iterator[_Part]:
    for burner_id, burner in burners.items():
        for place, relay in burner.placed(burner_id):
            claims = [(f"{place}.{claim.key}", claim) for claim in relay.claims()]
            if burner.voice and relay is burner.voice_relay:
                voice = burner.voice_relay.claims_of_voice(burner.voice)
                claims += [(f"burners.{burner_id}.{claim.key}", claim) for claim in voice]
            yield _Part(place, list(relay.agreements()), claims)
    if hood is not None:
        claims = [(f"hood.{claim.key}", claim) for claim in hood.claims()]
        yield _Part("hood", list(hood.agreements()), claims)


def disagreements(
    burners: dict[str, BurnerConfig], hood: HoodConfig | None = None
) -> Iterator[Fault]:
    """One device described in two ways."""
    known: dict[tuple[object, ...], tuple[str, Agreement]] = {}
    for part in _parts(burners, hood):
        for agreement in part.agreements:
            here = f"{part.place}.{agreement.key}"
            key = agreement.key, agreement.device
            first, other = known.setdefault(key, (here, agreement))
            if other.value != agreement.value:
                yield Fault(here, agreement.fault.format(other=first))


def sure_twins(burners: dict[str, BurnerConfig]) -> Iterator[Fault]:
    """One contact by two names of its device."""
    for one, two, agreement in _twins(burners):
        if agreement.by_name and _same_part(one, two):
            yield Fault(
                f"{two.place}.host",
                f"is the device of {one.place}, whose {agreement.key} it has; the same contact "
                "cannot be that of two; write the same host in both places, and what differs",
            )


def seeming_twins(burners: dict[str, BurnerConfig]) -> Iterator[Fault]:
    """Two devices that may be one: worth a warning."""
    for one, two, agreement in _twins(burners):
        if not (agreement.by_name and _same_part(one, two)):
            yield Fault(
                f"{two.place}.{agreement.key}",
                f"is that of {one.place}, but each device has its own; "
                "if both are one device, write the same host in both places",
            )


def _same_part(one: _Part, two: _Part) -> bool:
    return any(
        replace(claim, device=known.device).clashes_with(known)
        for _, known in one.claims
        for _, claim in two.claims
    )


def _twins(burners: dict[str, BurnerConfig]) -> Iterator[tuple[_Part, _Part, Agreement]]:
    """Devices at two places that have in common what each device has for itself."""
    known: list[tuple[_Part, Agreement]] = []
    for part in _parts(burners):
        for agreement in part.agreements:
            for other, theirs in known:
                if agreement.seems(theirs):
                    name = agreement if agreement.by_name else theirs
                    yield other, part, name
                    break
            known.append((part, agreement))


def shared_flames(burners: dict[str, BurnerConfig]) -> Iterator[Fault]:
    """One flame that would speak for two burners."""
    taken: list[tuple[str, Claim]] = []
    for burner_id, burner in burners.items():
        place = f"burners.{burner_id}.flame"
        for claim in burner.flame.claims() if burner.flame else ():
            other = next((first for first, known in taken if claim.clashes_with(known)), None)
            if other is not None:
                yield Fault(f"{place}.{claim.key}", claim.fault.format(other=other))
            taken.append((place, claim))


def pins_of_a_bus(burners: dict[str, BurnerConfig]) -> Iterator[Fault]:
    """Relays on the pins of an I²C bus that a flame is measured on."""
    for first, other in burners.items():
        if other.flame is None or other.flame.i2c_bus() != _HEADERS_BUS:
            continue
        for burner_id, burner in burners.items():
            for place, relay in burner.placed(burner_id):
                for key in relay.on_i2c_pins():
                    yield Fault(
                        f"{place}.{key}",
                        f"is a pin of the I²C bus that burners.{first}.flame is on; take another",
                    )
        return


def doubted_relays(burners: dict[str, BurnerConfig]) -> Iterator[Fault]:
    """Relays that can be used, and that their own settings warn of."""
    for burner_id, burner in burners.items():
        for place, relay in burner.placed(burner_id):
            yield from (Fault(f"{place}.{key}", text) for key, text in relay.doubts())


def unused_flames(
    burners: dict[str, BurnerConfig], sensors: dict[str, AnySensor]
) -> Iterator[Fault]:
    """Flame sensors that no burner refers to: worth a warning, for nothing is guarded by them."""
    used = [burner.flame for burner in burners.values()]
    for name, sensor in sensors.items():
        if not isinstance(sensor, Hazard | PeopleSensor) and sensor not in used:
            yield Fault(
                f"sensors.{name}",
                f"is the flame of no burner: write flame: {name} below the burner that it sees",
            )


def unseen_gas(burners: dict[str, BurnerConfig]) -> Iterator[Fault]:
    """An estimate of gas that nobody will see: worth a warning."""
    for burner_id, burner in burners.items():
        if burner.rated_kw is not None and burner.flame is None:
            yield Fault(
                f"burners.{burner_id}.rated_kw",
                "has no effect without flame: only a flame that is seen can be counted",
            )


def incomplete_burners(raw: dict[str, Any]) -> Iterator[Fault]:
    """What a burner lacks, told beside the faults of what it has."""
    burners = raw.get("burners")
    for burner_id, burner in burners.items() if isinstance(burners, dict) else ():
        if not isinstance(burner, dict):
            continue
        if (burner.get("relay") is None) == (burner.get("relays") is None):
            yield Fault(f"burners.{burner_id}", NO_RELAY)
        limits = burner.get("limits")
        for limit in NEED_FLAME:
            wanted = limits.get(limit) if isinstance(limits, dict) else None
            if wanted is not None and not is_off(wanted) and burner.get("flame") is None:
                yield Fault(f"burners.{burner_id}.limits.{limit}", NO_FLAME)


def unwatched_limits(
    burners: dict[str, BurnerConfig], sensors: dict[str, PeopleSensor], *, unsound: bool
) -> Iterator[Fault]:
    """Limits that look for people where no sensor does. Any that is `unsound` may be meant: its
    own fault is told."""
    if unsound:
        return
    for burner_id, burner in burners.items():
        for limit, kind, where in (
            ("unattended", "presence", "in the kitchen"),
            ("away", "home", "at home"),
        ):
            looks = any(one.kind == kind and one.concerns(burner_id) for one in sensors.values())
            if getattr(burner.limits, limit) is not None and not looks:
                yield Fault(
                    f"burners.{burner_id}.limits.{limit}",
                    f"needs a sensor of kind: {kind} that says whether anybody is {where}; write "
                    f"for example sensors: {{NAME: {{kind: {kind}, driver: mqtt, topic: …}}}}",
                )


def twice_named(hazards: Iterable[str], sensors: Iterable[str]) -> Iterator[Fault]:
    """Two sensors of one name."""
    for name in sensors:
        if name in hazards:
            yield Fault(
                f"sensors.{name}", f"hazards.{name} is called so too; give one another name"
            )


def taken_names(
    alarms: Mapping[str, object], people: Mapping[str, object], sensors: Iterable[str]
) -> Iterator[Fault]:
    """Sensors that would be taken for a burner's own flame sensor, and it for them."""
    if _FLAME in alarms or _FLAME in people:
        place = "sensors" if _FLAME in sensors else "hazards"
        yield Fault(
            f"{place}.{_FLAME}",
            "is what a burner's own flame sensor is called; write another name, for example "
            "kitchen_gas",
        )


def unknown_burners(raw: dict[str, Any]) -> Iterator[Fault]:
    """Burners that are named somewhere and described nowhere."""
    known = raw.get("burners")
    if not isinstance(known, dict):
        return
    for place, name in _named_burners(raw):
        if name not in known:
            meant = nearest(name, list(known))
            told = f"did you mean {meant}?" if meant else f"there are: {', '.join(known)}"
            yield Fault(place, f"there is no such burner; {told}")


def _named_burners(raw: dict[str, Any]) -> Iterator[tuple[str, object]]:
    bemfa = raw.get("bemfa")
    topics = bemfa.get("topics") if isinstance(bemfa, dict) else None
    for name in topics if isinstance(topics, dict) else ():
        yield f"bemfa.topics.{name}", name
    for part in ("hazards", "sensors", "schedules"):
        named = raw.get(part)
        for one, settings in named.items() if isinstance(named, dict) else ():
            names = settings.get("burners") if isinstance(settings, dict) else None
            for index, name in enumerate(names if isinstance(names, list) else ()):
                if isinstance(name, str):  # pydantic has told of all else
                    yield f"{part}.{one}.burners.{index}", name


def unheld_locks(
    burners: dict[str, BurnerConfig], schedules: dict[str, Schedule]
) -> Iterator[Fault]:
    """Windows for relays that cannot hold a lock."""
    for name, schedule in schedules.items():
        for burner_id, burner in burners.items():
            jogs = any(relay.jogs_for for relay in burner.in_series)
            if schedule.lock is not None and schedule.concerns(burner_id) and jogs:
                yield Fault(
                    f"schedules.{name}.lock",
                    f"the relay of {burner_id} is in jog mode (点动) and closes by itself: it "
                    "cannot hold a lock; switch jog off in Mi Home, remove relay.jog, or use off:",
                )


def unknown_addresses(raw: dict[str, Any]) -> Iterator[Fault]:
    """Names in `messages.routes` for whom there is no address."""
    messages = raw.get("messages")
    known = messages.get("to") if isinstance(messages, dict) else None
    routes = messages.get("routes") if isinstance(messages, dict) else None
    if not isinstance(known, dict) or not isinstance(routes, dict):
        return
    # Where key and value have changed places, an address is none to be named.
    names = [name for name in known if shown_key(name) == name]
    for cause, told in routes.items():
        place = f"messages.routes.{cause}"
        several = isinstance(told, list)
        for index, name in enumerate(told if isinstance(told, list) else [told]):
            if isinstance(name, str) and name not in known:
                meant = nearest(name, names)
                remedy = f"did you mean {meant}?" if meant else f"there are: {', '.join(names)}"
                where = f"{place}.{index}" if several else place
                yield Fault(where, f"there is no such name in messages.to; {remedy}")


def unheard_addresses(messages: Messages | None) -> Iterator[Fault]:
    """People with an address who would never be written to: worth a warning."""
    for name in messages.to if messages else ():
        if messages and not any(name in messages.recipients(cause) for cause in CAUSES):
            yield Fault(
                f"messages.to.{name}",
                f"is told of nothing, for no route names {name}: write it below messages.routes, "
                f"for example trip_failed: [{name}]",
            )


def own_topics(mqtt: Mqtt, sensors: Iterable[tuple[str, OnTopic]]) -> Iterator[Fault]:
    """A sensor there would swallow commands, or hear gasguard itself. `sensors` as (place, it)."""
    own, births = Topics(mqtt.base_topic), f"{mqtt.home_assistant.prefix}/status"
    heard = ((f"{place}.{key}", topic) for place, one in sensors for key, topic in one.topics())
    for place, topic in heard:
        if own.owns(topic) or topic == births:
            yield Fault(place, f"{topic} is one of gasguard's own topics; a sensor needs another")
