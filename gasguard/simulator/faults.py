"""What can go wrong with a relay and the way to it, switchable while it runs."""

from dataclasses import dataclass, fields, replace
from typing import Any

from gasguard.errors import GasguardError

_RATES = ("loss_in", "loss_out", "duplicate", "reorder", "busy", "garbled")
_SECONDS = ("delay_s", "jitter_s", "pending_s")
_LONGEST_S = 60.0
_MOST_SKEW_S = 86400.0


class FaultError(GasguardError, ValueError):
    """No such fault, or a value it does not take."""


@dataclass(frozen=True, slots=True)
class Faults:
    """One device's faults; the defaults are a healthy device. Raises FaultError on bad values."""

    loss_in: float = 0.0
    """Share of datagrams lost on the way to the device, 0 to 1."""
    loss_out: float = 0.0
    """Share of its answers lost on the way back."""
    delay_s: float = 0.0
    """Extra delay in each direction, up to 60 s."""
    jitter_s: float = 0.0
    """Up to this much more, drawn anew for each datagram."""
    duplicate: float = 0.0
    """Share of datagrams that arrive twice."""
    reorder: float = 0.0
    """Share of datagrams held back by 10 to 200 ms, so that later ones overtake them."""
    offline: bool = False
    """Off the network; the contacts stay as they are."""
    unpowered: bool = False
    """No mains: off the network, coils released. Ends in a restart."""
    frozen: bool = False
    """The network part hangs: neither hello nor commands are answered."""
    thaw_answers: bool = False
    """What came while frozen is carried out and answered at the thaw, in place of swallowed."""
    clock_skew_s: float = 0.0
    """The device's clock is off by this much from what it told before, up to a day."""
    deduplicates: bool = True
    """A message id seen before is answered from memory and not executed: what real ones do."""
    busy: float = 0.0
    """Share of commands answered with error -9999."""
    refuse: bool = False
    """Setting answers code -4003; reading works."""
    lying: bool = False
    """Setting answers code 0 and does nothing."""
    pending_s: float = 0.0
    """If above 0: setting answers code 1 ("sent, pending") and is executed this much later."""
    stuck: bool = False
    """The contact does not move, whoever switches; it reads back as it is."""
    welded: bool = False
    """The switch moves and reads back, but the circuit stays closed."""
    wrong_token: bool = False
    """The device has a new token: it answers hello and drops all else."""

    # Oddities of Mi Home modules; those behind a broker do not have them.
    garbled: float = 0.0
    """Share of answers that are no JSON."""
    batch_refused: bool = False
    """A question for several properties is answered with error -5001 as a whole."""
    batch_silent: bool = False
    """Such a question is not answered."""
    batch_garbled: bool = False
    """Such a question is answered with what is no JSON."""
    obeys_busy: bool = False
    """Setting works, and is answered with error -9999."""
    obeys_silent: bool = False
    """Setting works, and is not answered."""
    obeys_garbled: bool = False
    """Setting works, and is answered with what is no JSON."""
    numbers: bool = False
    """Switches read as 1 and 0."""
    words: bool = False
    """Switches read as "on" and "off"."""
    nonsense: bool = False
    """Switches read as a word that says neither."""
    gbk: bool = False
    """The name of its Wi-Fi is told in GBK."""

    def __post_init__(self) -> None:
        for name in _RATES:
            if not 0 <= getattr(self, name) <= 1:
                raise FaultError(f"{name} must be from 0 to 1, for example 0.2")
        for name in _SECONDS:
            if not 0 <= getattr(self, name) <= _LONGEST_S:
                raise FaultError(f"{name} must be from 0 to {_LONGEST_S:g} seconds")
        if not abs(self.clock_skew_s) <= _MOST_SKEW_S:
            raise FaultError(f"clock_skew_s must be at most {_MOST_SKEW_S:g} seconds either way")

    def changed(self, changes: dict[str, Any]) -> "Faults":
        """These faults with some of them changed, by name. Raises FaultError on bad ones."""
        for name, value in changes.items():
            expected = _TYPES.get(name)
            if expected is None:
                raise FaultError(f"no fault {name}; there are {', '.join(_TYPES)}")
            if isinstance(value, bool) != (expected is bool) or not isinstance(value, int | float):
                raise FaultError(f"{name} takes {_TAKES[expected]}")
        return replace(self, **changes)

    def complete(self) -> dict[str, bool | float]:
        """All of them by name, fit for `changed`."""
        return {name: getattr(self, name) for name in _TYPES}

    def active(self) -> dict[str, bool | float]:
        """Those that differ from a healthy device."""
        healthy = Faults().complete()
        return {name: value for name, value in self.complete().items() if value != healthy[name]}


_TYPES: dict[str, type] = {field.name: type(field.default) for field in fields(Faults)}
_TAKES: dict[type, str] = {bool: "on or off", float: "a number"}
_GROUPS = {"loss": ("loss_in", "loss_out")}


def parse_fault(name: str, text: str) -> dict[str, bool | float]:
    """The changes a person means by `loss 0.2` or `offline on`. Raises FaultError."""
    names = _GROUPS.get(name, (name,))
    return {name: _parse_one(name, text) for name in names}


def _parse_one(name: str, text: str) -> bool | float:
    expected = _TYPES.get(name)
    if expected is None:
        raise FaultError(f"no fault {name}; there are {', '.join([*_GROUPS, *_TYPES])}")
    if text in ("on", "off"):
        return text == "on" if expected is bool else float(text == "on")
    if expected is bool:
        raise FaultError(f"{name} takes {_TAKES[expected]}")
    try:
        return float(text.removesuffix("s"))
    except ValueError:
        raise FaultError(f"{name} takes {_TAKES[expected]}") from None
