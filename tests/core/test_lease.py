"""The device-side countdown: the guard's own lease, or the delayed off of somebody else."""

import math
from itertools import pairwise

import pytest

from gasguard.core.messages import (
    Answer,
    CancelLease,
    ExtendTimer,
    Kind,
    PeopleRead,
    RelayRead,
    RenewLease,
    Status,
)
from gasguard.core.model import Flame, PeopleSensor, Phase, Place, Reason, RelaySettings, Source
from gasguard.core.recovery import record_of
from tests.core.burner import (
    CLOSED,
    EVERYWHERE,
    NEVER,
    OPEN,
    START,
    Burner,
    only_tell,
    opens,
    ready,
    rejection,
    stamp_at,
    statuses,
    tells,
)

LEASE = 180.0
SECONDS = {"relays": (RelaySettings(lease=LEASE),)}
MINUTES = {"relays": (RelaySettings(lease=LEASE, lease_grain=60.0),)}


class Device:
    """A relay with a countdown, polled every two seconds."""

    def __init__(self, burner: Burner, grain: float = 1.0) -> None:
        self.burner = burner
        self.grain = grain
        self.end: float | None = None
        self.deaf = False
        self.renewed: list[float] = []

    def look(self, contact=CLOSED):
        left = None if self.end is None else max(0.0, self.end - self.burner.now)
        shown = None if left is None else math.ceil(left / self.grain) * self.grain
        out = self.burner.read(contact, countdown=shown)
        for command in out:
            if isinstance(command, RenewLease):
                self.renewed.append(self.burner.now)
                if not self.deaf:
                    self.end = self.burner.now + command.seconds
            elif isinstance(command, CancelLease):
                self.end = None
        return out

    def live(self, seconds: float):
        """Poll for so long; the device opens when its countdown ends. Returns all that came out."""
        out = []
        for _ in range(round(seconds / 2)):
            out += self.burner.wait(2.0)
            expired = self.end is not None and self.burner.now >= self.end
            out += self.look(OPEN if expired else CLOSED)
        return out


def leased(grain: float = 1.0) -> Device:
    device = Device(ready(**(SECONDS if grain == 1 else MINUTES)), grain)
    device.look()
    assert device.end is not None
    return device


def test_a_lease_is_taken_as_soon_as_the_burner_is_ready():
    burner = Burner(**SECONDS)
    assert RenewLease(0, LEASE) in burner.read(CLOSED)


def test_without_a_lease_configured_a_countdown_is_nobodys_business():
    burner = ready()
    assert burner.read(CLOSED, countdown=30) == ()
    assert burner.state.timer is None


@pytest.mark.parametrize("grain", [1.0, 60.0])
def test_the_lease_is_renewed_every_third_and_never_taken_for_somebody_elses(grain):
    device = leased(grain)
    out = device.live(1800)
    assert not tells(out, Kind.TIMER_STARTED)
    assert not opens(out)
    gaps = [later - earlier for earlier, later in pairwise(device.renewed)]
    assert gaps
    assert all(LEASE / 3 - 2 <= gap <= LEASE / 3 + max(grain, 2) + 2 for gap in gaps)


def test_a_lost_renewal_is_decided_anew_at_the_next_look_and_the_old_end_stays_its_own():
    device = leased()
    device.deaf = True
    device.live(70)
    assert len(device.renewed) > 2
    device.deaf = False
    out = device.live(600)
    assert not tells(out, Kind.TIMER_STARTED)
    assert not opens(out)


def test_a_lease_that_runs_out_is_a_trip_by_lease():
    device = leased()
    device.deaf = True
    told = only_tell(device.live(LEASE), Kind.TRIP)
    assert (told.reason, told.source) == (Reason.LEASE, Source.GUARD)


def test_an_opening_long_before_the_lease_ends_is_somebody():
    device = leased()
    device.burner.now += 20
    assert only_tell(device.look(OPEN), Kind.TRIP).reason is Reason.VOICE


def test_a_countdown_the_guard_did_not_set_becomes_a_timer():
    device = leased()
    device.end = device.burner.now + 600
    told = only_tell(device.look(), Kind.TIMER_STARTED)
    assert told.source is Source.MI_HOME
    assert device.burner.state.timer.duration == pytest.approx(600)
    assert not tells(device.live(100), Kind.TIMER_STARTED), "told once"


@pytest.mark.parametrize("seconds", [30, 100, 600])
def test_somebody_elses_countdown_is_never_lengthened(seconds):
    device = leased()
    device.burner.now += 40
    device.end = device.burner.now + seconds
    before = len(device.renewed)
    out = device.live(seconds + 4)
    assert len(device.renewed) == before
    told = tells(out, Kind.TRIP)[0]
    assert (told.reason, told.source) == (Reason.TIMER, Source.MI_HOME)


def test_a_device_that_is_a_little_early_still_ends_its_timer():
    device = leased()
    device.end = device.burner.now + 600
    device.look()
    device.burner.now += 598
    told = only_tell(device.look(OPEN), Kind.TRIP)
    assert (told.reason, told.source) == (Reason.TIMER, Source.MI_HOME)


def test_a_countdown_changed_in_mi_home_moves_the_timer():
    device = leased()
    device.end = device.burner.now + 600
    device.look()
    device.end = device.burner.now + 300
    device.look()
    assert device.burner.state.timer.deadline == pytest.approx(device.end)


def test_a_later_countdown_does_not_move_an_earlier_timer():
    device = leased()
    device.burner.timer(60)
    device.end = device.burner.now + 600
    device.look()
    assert device.burner.state.timer.source is Source.MQTT
    assert tells(device.live(62), Kind.TRIP)[0].source is Source.MQTT


def test_a_countdown_cancelled_in_mi_home_cancels_its_timer_and_the_lease_returns():
    device = leased()
    device.end = device.burner.now + 600
    device.look()
    device.end = None
    out = device.look()
    assert only_tell(out, Kind.TIMER_CANCELLED).source is Source.MI_HOME
    assert device.burner.state.timer is None
    assert RenewLease(0, LEASE) in out


def test_a_countdown_cancelled_in_mi_home_leaves_everybody_elses_timer():
    device = leased()
    device.burner.timer(60)
    device.end = device.burner.now + 600
    device.look()
    device.end = None
    assert not tells(device.look(), Kind.TIMER_CANCELLED)
    assert device.burner.state.timer is not None


@pytest.mark.parametrize("nonsense", [math.nan, math.inf, -math.inf])
def test_a_countdown_that_is_no_number_starts_no_timer(nonsense):
    device = leased()
    device.burner.read(CLOSED, countdown=nonsense)
    assert device.burner.state.timer is None


def test_a_trip_cancels_the_countdown():
    for own in (True, False):
        device = leased()
        if not own:
            device.end = device.burner.now + 600
            device.look()
        device.burner.off()
        device.burner.now += 0.1
        assert CancelLease(0) in device.look(OPEN)
        assert device.end is None


@pytest.mark.parametrize("place", [place for place in EVERYWHERE if place != "ready"])
def test_no_lease_is_renewed_while_a_demand_stands(place):
    burner = EVERYWHERE[place](**SECONDS)
    if place == "starting":
        burner.off()
    for countdown in (None, 10.0, 170.0, 5000.0):
        out = burner.read(OPEN, countdown=countdown)
        assert not [command for command in out if isinstance(command, RenewLease)]


def test_the_read_back_that_shows_a_voice_demand_renews_nothing():
    burner = ready(**SECONDS)
    out = burner.send(RelayRead(0, CLOSED, burner.now, voice=False))
    assert opens(out)
    assert not [command for command in out if isinstance(command, RenewLease)]


def restarted(device: Device, seconds: float) -> Device:
    saved = (record_of(device.burner.state), stamp_at(device.burner.now))
    successor = Device(Burner(saved, stamp_at(device.burner.now + seconds), **SECONDS))
    successor.end = device.end
    return successor


@pytest.mark.parametrize("away", [5, 100])
def test_after_a_restart_the_old_lease_is_recognised_and_goes_on(away):
    device = restarted(leased(), away)
    out = [*device.look(), *device.live(600)]
    assert device.burner.phase is Phase.READY
    assert not tells(out, Kind.TIMER_STARTED)
    assert not opens(out)


def test_a_lease_that_ran_out_while_the_daemon_was_dead_is_a_trip_by_lease():
    device = restarted(leased(), 300)
    told = only_tell(device.look(OPEN), Kind.TRIP)
    assert (told.reason, told.source) == (Reason.LEASE, Source.GUARD)


def test_after_a_restart_somebody_elses_long_countdown_is_still_somebody_elses():
    device = leased()
    device.end = device.burner.now + 600
    device.look()
    device = restarted(device, 10)
    device.look()
    assert device.renewed == []
    assert device.burner.state.timer.source is Source.MI_HOME


def test_a_burner_that_never_held_a_lease_does_not_take_a_countdown_for_its_own():
    burner = Burner((record_of(ready().state), stamp_at(START)), stamp_at(START + 5), **SECONDS)
    burner.read(CLOSED, countdown=100.0)
    assert burner.state.timer.source is Source.MI_HOME


def foreign(seconds: float = 600) -> Device:
    """Somebody said so many seconds in Mi Home."""
    device = leased()
    device.end = device.burner.now + seconds
    device.look()
    assert device.burner.state.timer is not None
    return device


def test_a_timer_that_would_end_behind_a_mi_home_countdown_is_refused():
    burner = foreign(600).burner
    assert rejection(burner.timer(700)) == "mi_home_countdown"
    assert rejection(burner.extend(60)) == "mi_home_countdown"
    assert burner.state.timer is not None
    assert burner.state.timer.source is Source.MI_HOME


def test_a_warning_is_answered_though_a_mi_home_countdown_runs():
    home = PeopleSensor("home", Place.HOME, NEVER)
    burner = ready(**SECONDS, people_sensors=(home,), away=120.0)
    device = Device(burner)
    device.end = burner.now + 3600
    device.look()
    burner.flame(Flame.LIT)
    burner.send(PeopleRead("home", False, stored=False))
    out = device.live(10)
    assert only_tell(out, Kind.PREWARNING).reason is Reason.UNATTENDED
    (accepted,) = [one for one in burner.extend(900) if isinstance(one, Answer)]
    assert (accepted.status, "Mi Home" in (accepted.message or "")) == (Status.ACCEPTED, True)
    assert not opens(device.live(600)), "the warning was answered"
    assert burner.state.timer is not None
    assert burner.state.timer.source is Source.MI_HOME


def test_an_answer_counts_once_though_a_mi_home_countdown_comes_and_goes():
    home = PeopleSensor("home", Place.HOME, NEVER)
    burner = ready(**SECONDS, people_sensors=(home,), away=120.0)
    device = Device(burner)
    burner.flame(Flame.LIT)
    burner.send(PeopleRead("home", False, stored=False))
    device.live(10)
    assert tells(burner.send(ExtendTimer(Source.MQTT, burner.ref(), 300, "a")), Kind.TIMER_EXTENDED)
    device.end = burner.now + 600
    device.look()
    device.end = None
    assert only_tell(device.look(), Kind.TIMER_CANCELLED).source is Source.MI_HOME
    assert tells(device.live(290), Kind.PREWARNING)
    again = burner.send(ExtendTimer(Source.MQTT, burner.ref(), 300, "a"))
    assert not tells(again, Kind.TIMER_EXTENDED)
    assert statuses(again) == [Status.ACCEPTED]


def test_a_timer_that_ends_before_a_mi_home_countdown_is_taken():
    burner = foreign(600).burner
    burner.timer(300)
    assert burner.state.timer is not None
    assert burner.state.timer.duration == 300


def test_a_mi_home_countdown_is_not_cancelled_from_here():
    burner = foreign(600).burner
    assert rejection(burner.cancel()) == "mi_home_countdown"


def test_a_timer_of_ones_own_stays_beside_a_mi_home_countdown():
    device = leased()
    device.burner.timer(1200)
    device.end = device.burner.now + 600
    device.look()
    assert device.burner.state.timer is not None
    assert device.burner.state.timer.duration == 1200
    device.end = None
    device.look()
    assert device.burner.state.timer is not None


def test_a_mi_home_countdown_beside_a_longer_timer_is_a_timer_trip_of_mi_home():
    device = leased()
    device.burner.timer(1200)
    device.end = device.burner.now + 100
    told = only_tell(device.live(100), Kind.TRIP)
    assert (told.reason, told.source) == (Reason.TIMER, Source.MI_HOME)


def test_a_lease_that_ended_long_ago_is_not_the_cause_of_an_opening():
    device = leased()
    device.burner.now += LEASE + 200
    told = only_tell(device.burner.read(OPEN), Kind.TRIP)
    assert told.reason is Reason.VOICE


def test_a_cancelling_that_was_lost_leaves_a_countdown_that_is_known():
    device = leased()
    end = device.end
    device.burner.off()
    device.burner.now += 0.1
    device.look(OPEN)
    device.end = end  # the datagram never came
    for _ in range(5):
        device.burner.now += 2
        device.look(OPEN)
    device.burner.now += 0.1
    device.look()
    assert device.burner.phase is Phase.READY
    assert device.burner.state.timer is None


def test_a_cancelling_that_was_seen_leaves_nothing_that_is_the_guards_own():
    """Found by the torture (seed 4, session 1156): Mi Home's countdown, set while the burner was
    locked, passed for an old lease after a restart and was lengthened."""
    device = leased()
    device.burner.off()
    device.burner.now += 0.1
    device.look(OPEN)
    device.end = None
    device.burner.now += 2
    device.look(OPEN)
    assert not record_of(device.burner.state).leased
    device.end = device.burner.now + 100
    device.burner.watch(8, OPEN)
    device.look()
    assert device.burner.phase is Phase.READY
    timer = device.burner.state.timer
    assert timer is not None and timer.source is Source.MI_HOME


# --- whose countdown it is, to the second ---------------------------------------------------------


def renewals(out):
    return [command for command in out if isinstance(command, RenewLease)]


@pytest.mark.parametrize(
    ("grain", "tolerance"), [(0.5, 5.0), (1.0, 5.0), (1.5, 6.5), (2.0, 7.0), (60.0, 65.0)]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_countdown_may_differ_by_its_resolution_and_five_seconds(grain, tolerance, sign):
    for beyond, owner in ((0.0, None), (0.25, Source.MI_HOME)):
        burner = Burner(relays=(RelaySettings(lease=LEASE, lease_grain=grain),))
        burner.now = 2000.0
        burner.read(CLOSED)
        burner.read(CLOSED, countdown=LEASE + sign * (tolerance + beyond))
        timer = burner.state.timer
        assert (timer and timer.source) is owner


def test_an_inherited_countdown_may_be_a_whole_lease_and_its_tolerance_and_no_more():
    for countdown, owner in ((LEASE + 5.0, None), (LEASE + 5.25, Source.MI_HOME)):
        burner = restarted(leased(), 10).burner
        burner.read(CLOSED, countdown=countdown)
        timer = burner.state.timer
        assert (timer and timer.source) is owner


def test_a_countdown_is_not_measured_against_the_roundings_of_earlier_looks():
    """They add up: what Mi Home set two minutes beyond the lease would pass for it."""
    device = leased(60.0)
    device.burner.now += 59
    device.look()
    assert device.burner.state.timer is None
    device.burner.read(CLOSED, countdown=240.0)
    assert device.burner.state.timer is not None


def test_the_lease_is_renewed_when_a_third_of_it_is_over_and_not_before():
    burner = ready(**SECONDS)
    burner.now += LEASE / 3
    assert not renewals(burner.read(CLOSED, countdown=LEASE * 2 / 3 + 0.25))
    assert renewals(burner.read(CLOSED, countdown=LEASE * 2 / 3))


@pytest.mark.parametrize(
    ("late", "reason"),
    [
        (-5.25, Reason.VOICE),
        (-5.0, Reason.LEASE),
        (65.0, Reason.LEASE),
        (65.25, Reason.VOICE),
    ],
)
def test_an_opening_near_the_end_of_the_lease_up_to_a_minute_late_is_the_lease(late, reason):
    burner = Burner(**SECONDS)
    burner.now = 2000.0
    burner.read(CLOSED)
    burner.now += LEASE + late
    assert only_tell(burner.read(OPEN), Kind.TRIP).reason is reason


def test_a_lease_inherited_by_one_of_two_relays_is_known_until_its_countdown_is_read():
    relays = {"relays": (RelaySettings(lease=LEASE), RelaySettings())}
    gone = ready(**relays)
    assert renewals(gone.read(CLOSED, CLOSED))
    burner = Burner((record_of(gone.state), stamp_at(START)), stamp_at(START + 10), **relays)
    burner.read(CLOSED, countdown=170.0)
    burner.read_one(1, CLOSED)
    assert burner.phase is Phase.READY
    assert only_tell(burner.read_one(0, OPEN), Kind.TRIP).reason is Reason.LEASE


def test_a_countdown_set_while_the_daemon_was_dead_is_never_lengthened():
    device = leased()
    device.end = device.burner.now + 600
    device = restarted(device, 10)
    out = [*device.look(), *device.live(600)]
    assert device.renewed == []
    told = tells(out, Kind.TRIP)[0]
    assert (told.reason, told.source) == (Reason.TIMER, Source.MI_HOME)


@pytest.mark.parametrize("found", ["running", "cancelled"])
def test_what_follows_the_first_look_after_a_restart_is_not_inherited(found):
    device = leased()
    if found == "cancelled":
        device.end = None
    device = restarted(device, 5)
    device.look()
    device.end = device.burner.now + 100
    assert not renewals(device.look())
    assert device.burner.state.timer is not None


def test_a_lease_seen_cancelled_behind_an_open_contact_is_not_inherited():
    device = leased()
    device.burner.off()
    device = restarted(device, 5)
    device.end = None
    device.look(OPEN)
    assert not record_of(device.burner.state).leased


def test_somebody_elses_countdown_leaves_no_lease_to_inherit():
    assert not record_of(foreign().burner.state).leased


# --- the timer of a countdown in Mi Home ----------------------------------------------------------


def test_the_timer_of_a_mi_home_countdown_is_told_to_a_tenth_of_a_second():
    told = only_tell(ready(**SECONDS).read(CLOSED, countdown=600.26), Kind.TIMER_STARTED)
    assert told.details == {"duration_s": 600.3}


def test_a_countdown_read_a_little_off_moves_no_timer():
    burner = Burner(**SECONDS)
    burner.now = 2000.0
    burner.read(CLOSED)
    burner.read(CLOSED, countdown=600.0)
    burner.read(CLOSED, countdown=605.0)
    assert burner.state.timer.deadline == 2600.0
    burner.read(CLOSED, countdown=610.25)
    assert burner.state.timer.deadline == 2610.25


def test_a_countdown_that_ends_at_the_look_has_not_been_cancelled():
    device = foreign(600)
    device.burner.now = device.burner.state.timer.deadline
    device.end = None
    assert not tells(device.look(), Kind.TIMER_CANCELLED)
    told = only_tell(device.burner.tick(), Kind.TRIP)
    assert (told.reason, told.source) == (Reason.TIMER, Source.MI_HOME)


def test_a_mi_home_countdown_survives_a_power_cut_of_the_relay():
    """The relay has forgotten it, and looks as if nobody had set one."""
    device = restarted(foreign(600), 10)
    device.end = None
    assert not tells(device.look(), Kind.TIMER_CANCELLED)
    assert device.burner.state.timer is not None


def test_a_cancelled_mi_home_countdown_limits_no_timer_any_more():
    device = foreign(600)
    device.end = None
    device.look()
    device.burner.timer(1200)
    assert device.burner.state.timer.duration == 1200


def test_behind_a_cancelled_timer_of_ones_own_the_mi_home_countdown_is_shown_again():
    device = foreign(600)
    device.burner.timer(300)
    device.burner.cancel()
    assert device.burner.state.timer is None
    device.look()
    assert device.burner.state.timer.source is Source.MI_HOME
    assert device.burner.state.timer.deadline == pytest.approx(device.end)


def test_when_both_are_cancelled_no_timer_is_left_and_the_lease_returns():
    device = foreign(600)
    device.burner.timer(300)
    device.burner.cancel()
    device.end = None
    assert renewals(device.look())
    assert device.burner.state.timer is None


def test_a_lease_that_ran_out_leaves_nothing_to_inherit():
    device = leased()
    (end,) = device.burner.state.relays[0].lease_ends
    for before in (1.0, 0.0):
        device.burner.now = end - before
        device.burner.read(OPEN, countdown=0.0)
    assert device.burner.phase is Phase.TRIPPED
    assert not record_of(device.burner.state).leased


def test_a_trip_ends_the_mi_home_countdown_that_limits_timers():
    device = foreign(600)
    device.burner.off()
    device.burner.now += 0.1
    device.burner.read(OPEN, countdown=599.0)
    device.burner.timer(1200)
    assert device.burner.state.timer is not None


@pytest.mark.parametrize(
    ("early", "reason"), [(5.0, Reason.TIMER), (5.25, Reason.VOICE), (500.0, Reason.VOICE)]
)
def test_an_opening_near_the_end_of_a_mi_home_countdown_is_its_end(early, reason):
    burner = Burner(**SECONDS)
    burner.now = 2000.0
    burner.read(CLOSED)
    burner.read(CLOSED, countdown=600.0)
    burner.now += 600.0 - early
    told = only_tell(burner.read(OPEN), Kind.TRIP)
    assert (told.reason, told.source) == (reason, Source.MI_HOME)


def test_an_inherited_lease_behind_a_trip_causes_no_second_one():
    device = leased()
    device.burner.off()
    device = restarted(device, 5)
    for _ in range(2):
        device.burner.now += 0.1
        out = device.burner.read(OPEN, countdown=100.0)
        assert not tells(out, Kind.TRIP)
    assert device.burner.phase is Phase.TRIPPED


def test_a_timer_may_end_together_with_a_mi_home_countdown_and_not_later():
    burner = Burner(**SECONDS)
    burner.now = 2000.0
    burner.read(CLOSED)
    burner.read(CLOSED, countdown=600.0)
    assert rejection(burner.timer(600.25)) == "mi_home_countdown"
    burner.timer(600.0)
    assert burner.state.timer.source is Source.MQTT


def test_of_two_mi_home_countdowns_the_earlier_limits():
    relays = {"relays": (RelaySettings(lease=LEASE), RelaySettings(lease=LEASE))}
    burner = ready(**relays)
    for relay, seconds in enumerate((600.0, 900.0)):
        burner.send(RelayRead(relay, CLOSED, burner.now, countdown=seconds))
    assert rejection(burner.timer(700)) == "mi_home_countdown"


def test_a_mi_home_timer_of_before_the_restart_may_be_cancelled_where_no_countdown_is_known():
    burner = restarted(foreign(600), 10).burner
    burner.cancel()
    assert burner.state.timer is None


def test_a_daemon_killed_twice_before_its_first_look_still_knows_its_lease():
    device = restarted(restarted(leased(), 5), 5)
    assert only_tell(device.look(OPEN), Kind.TRIP).reason is Reason.LEASE


def test_no_lease_is_inherited_where_none_is_configured_any_more():
    saved = (record_of(leased().burner.state), stamp_at(START))
    burner = Burner(saved, stamp_at(START + 5))
    assert not tells(burner.read(OPEN), Kind.TRIP)
