"""The module of a relay on MQTT: its channels, and the dead-man that runs on the device."""

from collections.abc import Iterable

from gasguard.simulator.channels import ChannelSpec, Key
from gasguard.simulator.module import Module


class MqttModule(Module):
    """One module. A channel's `rest` is the state that lets the burner burn."""

    def __init__(
        self, channels: Iterable[ChannelSpec], *, now: float, dead_man: dict[Key, float]
    ) -> None:
        """`dead_man`: seconds after its closing, or the last keep-alive, that a channel opens."""
        super().__init__(channels, now=now)
        self._dead_man = dead_man
        self._opens_at = {key: now + seconds for key, seconds in dead_man.items()}
        self.listeners.append(self._switched)

    def order(self, key: Key, on: bool, now: float) -> None:
        """A command from the network."""
        self.executed += 1
        if self.faults.refuse or self.faults.lying:
            return
        if self.faults.pending_s > 0:
            self.channels[key].switch_later(on, now + self.faults.pending_s, from_cloud=False)
        else:
            self.channels[key].switch(on, now)

    def keep_alive(self, key: Key, seconds: float | None, now: float) -> None:
        """The keep-alive came; None: it has ended in good order."""
        self._opens_at.pop(key, None)
        if seconds is not None and self.value(key) == self.channels[key].spec.rest:
            self._opens_at[key] = now + seconds

    def _switched(self, siid: int, piid: int, on: bool, at: float) -> None:
        key = siid, piid
        self._opens_at.pop(key, None)
        if key in self._dead_man and on == self.channels[key].spec.rest:
            self._opens_at[key] = at + self._dead_man[key]

    def next_event(self) -> float | None:
        """See `Module.next_event`."""
        if self.faults.unpowered:
            return None
        times = [super().next_event(), *self._opens_at.values()]
        return min((at for at in times if at is not None), default=None)

    def advance(self, now: float) -> None:
        """See `Module.advance`."""
        while (event := self.next_event()) is not None and event <= now:
            for channel in self.channels.values():
                channel.advance(event)
            for key in [key for key, at in self._opens_at.items() if at <= event]:
                del self._opens_at[key]
                self.channels[key].switch(not self.channels[key].spec.rest, event)
