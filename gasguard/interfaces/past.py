"""What people may ask about the past, whatever their way in. Nothing is worked out on the loop."""

import asyncio
import json
from collections.abc import Sequence
from datetime import tzinfo
from functools import partial

from gasguard.clock import Clock, iso
from gasguard.guard.store import KEPT_FOR, Store
from gasguard.interfaces.meter import Meter, Totals

STORY, LONG_STORY = 1000, 5000
"""Events of one burner, the newest, in which its last shutoff is looked for; and in how many where
it is not among those: a sensor has bounced."""
_SHUTOFF = '{"type": "trip"'
"""How the event of a shutoff begins."""
_EVER = 0.0


class Past:
    """Asks the store and the meter. Every answer is a list of JSON objects as text."""

    def __init__(
        self,
        store: Store,
        meter: Meter,
        clock: Clock,
        burners: Sequence[str],
        zone: tzinfo | None = None,
    ) -> None:
        """`zone` says what time it is, and where a day begins; None: as the system has it."""
        self._store, self._meter, self._clock = store, meter, clock
        self._burners, self._zone = burners, zone

    def totals(self, burner: str) -> Totals | None:
        """See `Meter.totals`."""
        return self._meter.totals(burner)

    async def history(self, burner: str | None, since: float, limit: int) -> list[str]:
        """See `Store.history`."""
        return await self._store.history(burner, since, limit)

    async def story(self, burner: str) -> list[str]:
        """The newest events of one burner, however old they are, and the guard's starts and ends.

        Raises StoreError.
        """
        found = await self._store.history(burner, _EVER, STORY, life=True)
        if len(found) == STORY and not any(event.startswith(_SHUTOFF) for event in found):
            return await self._store.history(burner, _EVER, LONG_STORY, life=True)
        return found

    async def burns(self, burner: str | None, since: float) -> list[str]:
        """Burns by day from that of Unix time `since` on, as `burn_days.lines` has them.

        Raises StoreError.
        """
        # Imported there: not every household ever asks.
        from gasguard.interfaces.burn_days import Calendar, Known, lines

        await self._meter.save()
        # Nothing older is kept, and calendars end: this is also true of NaN.
        if not since >= (oldest := self._clock.now().wall - KEPT_FOR):
            since = oldest
        calendar = Calendar(self._zone)
        found = await self._store.burnt(burner, calendar.begin(calendar.day_of(since)))
        names = [burner] if burner is not None else self._burners
        known = {name: Known(name in self._meter.names, self._meter.since(name)) for name in names}

        def work_out() -> list[str]:
            told = lines(found, known, since, calendar, partial(iso, zone=self._zone))
            return [json.dumps(line, ensure_ascii=False) for line in told]

        return await asyncio.to_thread(work_out)
