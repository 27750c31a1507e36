"""The guard's decisions, pure: `step(state, event, now)` gives the next state and what to do.

No input or output, no clock, no await, standard library only; it never raises on any event.
"""

from gasguard.core.machine import next_deadline, step
from gasguard.core.recovery import recover

__all__ = ["next_deadline", "recover", "step"]
