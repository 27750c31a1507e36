"""A relay module whatever its protocol: channels, power, faults."""

from collections.abc import Callable, Iterable

from gasguard.simulator.channels import Channel, ChannelSpec, Key
from gasguard.simulator.faults import Faults

SwitchListener = Callable[[int, int, bool, float], None]


class Module:
    """One module. Callers pass `now` (seconds, never falling) to everything that needs time."""

    def __init__(self, channels: Iterable[ChannelSpec], *, now: float) -> None:
        self.faults = Faults()
        self.listeners: list[SwitchListener] = []
        """Called with (siid, piid, value, at) whenever a switch really changes."""
        self.executed = 0
        """Commands carried out, not counting those answered from memory."""
        self.channels: dict[Key, Channel] = {
            spec.key: Channel(spec, self._listener(spec)) for spec in channels
        }
        self._answers_from = now

    def value(self, key: Key) -> bool:
        """What the switch property reads."""
        return self.channels[key].value

    def coil(self, key: Key) -> bool:
        """Whether the coil is driven: as the switch reads, but not without mains."""
        return self.channels[key].value and not self.faults.unpowered

    def answers(self, now: float) -> bool:
        """Whether its network part is up: it is not while starting and without mains."""
        return not self.faults.unpowered and now >= self._answers_from

    def next_event(self) -> float | None:
        """When a channel next switches by itself; None if nothing is pending."""
        if self.faults.unpowered:
            return None
        channels = self.channels.values()
        times = [at for channel in channels if (at := channel.next_event()) is not None]
        return min(times) if times else None

    def advance(self, now: float) -> None:
        """Let countdowns, jogs and delayed switchings that are due by `now` happen, in order."""
        while (event := self.next_event()) is not None and event <= now:
            for channel in self.channels.values():
                channel.advance(event)

    def inject(self, faults: Faults, now: float) -> None:
        """Exchange the faults. The end of `unpowered` is a restart."""
        self.advance(now)
        powered_again = self.faults.unpowered and not faults.unpowered
        self.faults = faults
        for channel in self.channels.values():
            channel.stuck = faults.stuck
            if faults.unpowered:
                channel.power_cut()
        if powered_again:
            self.reboot(now)

    def reboot(self, now: float, *, silent_for: float = 2.0) -> None:
        """Start anew: countdowns forgotten, channels as their power-on state.

        The network answers `silent_for` seconds later.
        """
        self.advance(now)
        self._answers_from = now + silent_for
        for channel in self.channels.values():
            channel.power_up(now)

    def mi_home_switch(self, siid: int, piid: int, value: bool, now: float) -> None:
        """A person switches in Mi Home; the cloud reaches the device past the local network."""
        self.advance(now)
        if not self.faults.unpowered:
            self.channels[siid, piid].switch(value, now)

    def mi_home_off_in(self, siid: int, piid: int, seconds: float, now: float) -> None:
        """A delayed off (十分钟后关闭): by the channel's countdown, else by the cloud's timer."""
        self.advance(now)
        channel = self.channels[siid, piid]
        countdown = channel.spec.countdown
        if not (countdown and channel.count_down(-int(-seconds // countdown.unit_s), now)):
            channel.switch_later(False, now + seconds, from_cloud=True)

    def _listener(self, spec: ChannelSpec) -> Callable[[bool, float], None]:
        def changed(value: bool, at: float) -> None:
            for listener in self.listeners:
                listener(spec.siid, spec.piid, value, at)

        return changed
