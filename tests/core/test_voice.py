"""The voice channel: an unwired channel of the module that Mi Home switches."""

from gasguard.core.messages import Kind
from gasguard.core.model import Flame, Phase, Reason, Source
from gasguard.core.recovery import record_of
from tests.core.burner import (
    CLOSED,
    OPEN,
    START,
    Burner,
    closes,
    closing,
    locked_out,
    only_tell,
    opens,
    ready,
    stamp_at,
    starting,
    tells,
)


def spoken_off(**settings: object) -> Burner:
    """Somebody said the words, and the wired channel has opened."""
    burner = ready(**settings)
    burner.read(CLOSED, voice=True)
    burner.read(CLOSED, voice=False)
    burner.now += 0.1
    burner.read(OPEN, voice=False)
    assert burner.phase is Phase.TRIPPED
    return burner


def test_off_on_the_voice_channel_trips():
    burner = ready()
    assert burner.read(CLOSED, voice=True) == ()
    burner.timer(600)
    out = burner.read(CLOSED, voice=False)
    assert opens(out)
    told = only_tell(out, Kind.TRIP)
    assert (told.reason, told.source) == (Reason.VOICE, Source.MI_HOME)
    assert tells(out, Kind.TIMER_CANCELLED)


def test_a_channel_that_stays_off_is_one_demand_not_many():
    burner = ready()
    assert opens(burner.read(CLOSED, voice=False))
    burner.now += 0.1
    assert not opens(burner.read(OPEN, voice=False))
    assert not tells(burner.read(OPEN, voice=False), Kind.TRIP)
    assert burner.phase is Phase.TRIPPED


def test_a_voice_channel_found_off_at_start_is_a_demand():
    for contact in (OPEN, CLOSED):
        burner = starting()
        out = burner.read(contact, voice=False)
        assert opens(out)
        assert only_tell(out, Kind.TRIP).reason is Reason.VOICE
        assert burner.phase is Phase.TRIPPING


def test_rearmed_after_voice_an_off_counts_again_once_the_channel_was_restored():
    burner = spoken_off()
    assert closes(burner.watch(10, OPEN, voice=False))
    burner.voice_restored()
    burner.read(CLOSED, voice=True)
    assert burner.phase is Phase.READY
    assert opens(burner.read(CLOSED, voice=False))


def test_a_channel_that_could_not_be_restored_counts_only_once_seen_on():
    burner = spoken_off()
    assert closes(burner.watch(10, OPEN, voice=False))
    burner.voice_restored("the channel does not answer")
    burner.read(CLOSED, voice=False)
    burner.now += 2
    assert not opens(burner.read(CLOSED, voice=False))
    assert burner.phase is Phase.READY
    burner.read(CLOSED, voice=True)
    assert opens(burner.read(CLOSED, voice=False))


def test_an_off_by_voice_during_the_close_overtakes_it():
    burner = closing()
    burner.voice_restored()
    out = burner.read(CLOSED, voice=False)
    assert opens(out)
    assert burner.phase is Phase.TRIPPING


def test_an_off_by_voice_counts_while_the_burner_is_off_already():
    burner = locked_out()
    assert opens(burner.read(OPEN, voice=False))


def test_on_by_voice_closes_nothing_and_frees_nothing():
    burner = locked_out()
    burner.now += 20
    assert burner.read(OPEN, voice=True) == ()
    assert burner.phase is Phase.LOCKED_OUT


def test_a_stale_look_at_the_channel_says_nothing():
    burner = ready()
    burner.off()
    burner.now += 0.1
    burner.read(CLOSED, voice=False, asked_ago=0.2)
    assert burner.state.voice_armed


def test_an_off_by_voice_while_the_daemon_was_away_is_carried_out_on_its_return():
    gone = ready()
    saved = (record_of(gone.state), stamp_at(START))
    back = Burner(saved, stamp_at(START + 60))
    assert opens(back.read(CLOSED, voice=False))


def test_an_off_between_the_last_poll_and_the_closing_ends_the_closing():
    burner = closing()
    burner.read(OPEN, voice=True, asked_ago=100)
    out = burner.voice_read(False)
    assert opens(out) and opens(out)[0].overtakes_close
    assert burner.phase is Phase.TRIPPING
    assert only_tell(out, Kind.TRIP).reason is Reason.VOICE


def test_a_channel_still_off_from_the_last_demand_does_not_end_the_closing():
    burner = spoken_off()
    burner.watch(burner.settings.rearm_after, OPEN, voice=False)
    assert burner.state.closing is not None
    assert burner.voice_read(False) == ()
    assert burner.state.closing is not None


def test_a_flame_lit_while_the_voice_channel_is_restored_ends_the_closing():
    """Found by the torture (seed 4, session 92): restoring it took 3 s on a bad wire."""
    burner = closing()
    assert opens(burner.flame(Flame.LIT))
    assert burner.state.closing is None
    assert not burner.voice_restored()
    burner.read(OPEN, voice=True)
    assert burner.phase is Phase.TRIPPED
    burner.flame(Flame.OUT)
    assert closes(burner.watch(burner.settings.rearm_after, OPEN))


def test_a_restored_channel_counts_at_once_and_one_that_was_not_does_not():
    for problem, counts in ((None, True), ("no answer", False)):
        burner = spoken_off()
        burner.watch(10, OPEN, voice=False)
        burner.voice_restored(problem)
        assert bool(opens(burner.read(CLOSED, voice=False))) is counts
    burner = closing()
    burner.voice_restored("no answer")
    assert not opens(burner.read(CLOSED, voice=False))


def test_a_channel_restored_when_the_closing_is_over_opens_nothing():
    burner = ready()
    burner.flame(Flame.LIT)
    assert burner.voice_restored() == ()
