"""`gasguard setup`: from an empty machine to a configuration that `doctor` finds well."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click

from gasguard.cli.exits import FAILED, Misused
from gasguard.cli.help import examples
from gasguard.cli.locale import language_of_locale
from gasguard.cli.options import config_option
from gasguard.cli.setup.background import Background
from gasguard.cli.setup.broker import BrokerPart
from gasguard.cli.setup.burner import BurnerPart
from gasguard.cli.setup.comments import comments_of, header_of
from gasguard.cli.setup.extras import ask_messages, ask_page, check_extras
from gasguard.cli.setup.finish import allow_pins, begin_service, farewell, look, set_up_watchdog
from gasguard.cli.setup.given import Given
from gasguard.cli.setup.plan import Plan
from gasguard.cli.setup.questions import Questions
from gasguard.cli.setup.sheet import no_sheet
from gasguard.cli.setup.talk import Talk
from gasguard.cli.setup.words import Language
from gasguard.cli.setup.writing import unwritable, write
from gasguard.config.load import load_config, load_control_socket
from gasguard.errors import ConfigError

_USUAL = Path("/etc/gasguard/config.yaml")
_USUAL_STATE = "/var/lib/gasguard"
_NOT_ANSWERS = {
    "yes", "config_path", "language", "messages", "broker_tls", "page", "service", "watchdog",
    "sheet", "state_dir",
}  # fmt: skip


@click.command(
    epilog=examples(
        "gasguard setup",
        "gasguard setup --language zh",
        "gasguard setup --yes --broker 127.0.0.1:1883 --relay 192.168.1.50 "
        "--token 00112233445566778899aabbccddeeff --wiring normally_open",
        "gasguard setup --yes --burner right --kind zigbee2mqtt --device stove "
        "--wiring normally_closed --page --service",
        "gasguard setup --yes --relay 192.168.1.51    # only this changes",
    )
)
@click.option(
    "-y",
    "--yes",
    is_flag=True,
    help="Ask nothing: options are the answers, what is in FILE stays, and a missing answer is "
    "an error that names its option.",
)
@config_option()
@click.option(
    "--language",
    type=click.Choice(get_args(Language)),
    help="Language of the questions, of the comments in the file and of the sheet (default: the "
    "locale's, English where it has another).",
)
@click.option("--broker", metavar="HOST[:PORT]", help="The MQTT broker.")
@click.option("--broker-user", metavar="NAME", help="Its login.")
@click.option(
    "--broker-password",
    metavar="PASSWORD",
    help="Its password; better '!env NAME' or '!file PATH', as in the configuration: other users "
    "of this machine see what is on a command line.",
)
@click.option("--broker-tls", is_flag=True, help="Speak TLS with it (at port 8883 anyway).")
@click.option("--broker-ca", metavar="FILE", help="The authority that its certificate is of.")
@click.option(
    "--burner", metavar="ID", help="Which burner is set up (default: the one in FILE, else left)."
)
@click.option("--name", metavar="TEXT", help="What people call it.")
@click.option(
    "--driver",
    metavar="FAMILY",
    help="mi (a Mi Home module with token), mqtt or pin; as a rule the other options tell.",
)
@click.option("--relay", metavar="HOST[:PORT]", help="A Mi Home module's address.")
@click.option(
    "--token", metavar="TOKEN", help="Its 32 hexadecimal digits, or '!env NAME', '!file PATH'."
)
@click.option("--switch", metavar="SIID/PIID", help="Its wired channel (default: by its model).")
@click.option(
    "--voice", metavar="SIID/PIID", help="Its unwired channel that listens to XiaoAi, or none."
)
@click.option(
    "--lease", metavar="DURATION", help="Hold its countdown as a lease, where its model has one."
)
@click.option("--kind", metavar="KIND", help="Behind the broker: zigbee2mqtt, tasmota or esphome.")
@click.option("--device", metavar="NAME", help="The device's name there.")
@click.option("--channel", metavar="NAME", help="Which of the device's relays: l1, 2, an id.")
@click.option("--command-topic", metavar="TOPIC", help="In place of kind and device.")
@click.option("--state-topic", metavar="TOPIC", help="Where it says its state.")
@click.option("--query-topic", metavar="TOPIC", help="What makes it say its state.")
@click.option("--pin", metavar="NUMBER", help="On this machine's pins: the GPIO of the coil.")
@click.option("--active", metavar="LEVEL", help="high or low: what pulls the coil.")
@click.option("--chip", metavar="CHIP", help="The pins' chip (default: that of a Pi's header).")
@click.option(
    "--wiring",
    metavar="WIRING",
    help="normally_open (COM and NO) or normally_closed (COM and NC).",
)
@click.option("--page/--no-page", default=None, help="The page on phones.")
@click.option("--page-port", metavar="PORT", help="Where it listens (8420).")
@click.option(
    "--message",
    "messages",
    metavar="NAME=ADDRESS",
    multiple=True,
    help="Who is told what happens: an Apprise URL, '!env NAME' or '!file PATH'; several are "
    "allowed.",
)
@click.option("--service/--no-service", default=None, help="Have systemd run it from now on.")
@click.option(
    "--watchdog/--no-watchdog",
    default=None,
    help="Have the Pi's hardware restart it when the whole system hangs.",
)
@click.option("--state-dir", metavar="FOLDER", help="Where timers, locks and history are kept.")
@click.option(
    "--sheet",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the commissioning sheet goes (default: beside FILE).",
)
@click.pass_context
def setup(ctx: click.Context, /, **options: Any) -> None:
    """Set gasguard up: ask, find, test, write.

    Finds broker and relays, checks the token, reads the model, learns the wiring by a guided test,
    writes the configuration with comments and the secrets into files of their own, begins the
    service, and ends with `doctor` and a commissioning sheet to print. Ctrl-C at any moment leaves
    the file as it was. Called again, it changes only what is answered anew; comments and all other
    keys stay.

    FILE is /etc/gasguard/config.yaml where that may be written, else ./config.yaml. Exit code 1
    when something did not answer or could not be done, or a row of `doctor` says fail.
    """
    language: Language = options["language"] or language_of_locale()
    answers = {
        f"--{name.replace('_', '-')}": value
        for name, value in options.items()
        if name not in _NOT_ANSWERS
    }
    given = Given(
        answers,
        options["messages"],
        options["broker_tls"],
        options["page"],
        options["service"],
        options["watchdog"],
        options["sheet"],
    )
    talk = Talk(language, answers, asks=not options["yes"])
    if talk.asks and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Misused(talk.text("no_terminal"))
    path = options["config_path"] or _usual_path()
    talk.check_given(given.answered(Questions(language, path.parent)))
    with _ended_by_hanging_up():
        well = _Setup(talk, given, path, options["state_dir"]).run()
    if not well:
        ctx.exit(FAILED)


class _Setup:
    """One run."""

    def __init__(self, talk: Talk, given: Given, path: Path, state_dir: str | None) -> None:
        """Raises Misused and ConfigError before anything is asked."""
        self._talk, self._given, self._path = talk, given, path
        if path.is_symlink():
            raise Misused(talk.text("file_is_link", path=path))
        if why := unwritable(path):
            raise Misused(talk.text("file_unwritable", why=why))
        if given.sheet and (why := no_sheet(given.sheet, path.parent)):
            raise Misused(f"--sheet: {why}")
        comments, header = comments_of(talk.language), header_of(talk.language)
        self._plan = Plan(path, comments, header)
        self._given_state = state_dir
        self._seen: dict[str, bool] = {}

    def run(self) -> bool:
        """Whether all is well in the end."""
        written = False
        try:
            with Background() as work:
                self._ask(work)
            written = self._write()
        except (KeyboardInterrupt, click.Abort):
            self._talk.show("")
            self._talk.say("ended_early", path=self._path)
            raise
        if not written:
            self._talk.say("nothing_written", path=self._path)
            return False
        config = load_config(self._path)
        wirings: set[str] = {
            relay.contact for burner in config.burners.values() for relay in burner.in_series
        }
        well = [
            set_up_watchdog(self._talk, self._given, wirings),
            allow_pins(self._talk, config),
            begin_service(self._talk, self._given, config, self._path),
            look(self._talk, self._given, config, self._path, self._seen),
        ]
        farewell(self._talk, config, self._path)
        return all(well)

    def _ask(self, work: Background) -> None:
        talk, plan = self._talk, self._plan
        if talk.asks:
            talk.say("welcome")
            talk.say("not_certified")
        if not plan.is_new:
            burners = ", ".join(plan.mapping("burners")) or "-"
            talk.say("file_there", path=self._path, burners=burners)
        state_dir = self._state_dir()
        part = BurnerPart(talk, self._given, plan, work, state_dir)
        part.check_given()
        check_extras(talk, self._given, plan)
        BrokerPart(talk, self._given, plan).run()
        first = True
        while True:
            done = part.run(plan.mapping("mqtt"), first=first)
            if done is not None:
                self._seen[done[0]] = done[1]
            first = False
            faults = self._faults_of(done[0]) if done is not None and talk.asks else []
            for fault in faults:
                talk.trouble(fault)
            if not faults and not (talk.asks and talk.yes("ask_another_burner", usual=False)):
                break
            part = BurnerPart(talk.without_options(), Given(), plan, work, state_dir)
        ask_page(talk, self._given, plan)
        ask_messages(talk, self._given, plan)

    def _faults_of(self, burner: str) -> list[str]:
        """What in the answers would be refused at the end: it can be answered anew now."""
        try:
            self._plan.checked()
        except ConfigError as error:
            return [fault for fault in error.faults if fault.startswith(f"burners.{burner}.")]
        return []

    def _state_dir(self) -> Path:
        """The daemon's; in a new file it is written down."""
        if self._given_state is not None:
            self._plan.put(("state_dir",), self._given_state)
        elif self._plan.is_new:
            system = _USUAL.parent in self._path.resolve().parents
            self._plan.put(("state_dir",), _USUAL_STATE if system else "state")
        elif self._plan.text is not None:
            with contextlib.suppress(ConfigError):
                return load_control_socket(self._path).parent
        said = str(self._plan.mapping().get("state_dir") or _USUAL_STATE)
        return (self._path.parent / Path(said).expanduser()).resolve()

    def _write(self) -> bool:
        talk, plan = self._talk, self._plan
        if not plan.places:
            talk.say("nothing_changes", path=self._path)
            return True
        plan.checked()
        talk.heading("head_write")
        talk.say("will_write", path=self._path)
        for place in plan.places:
            talk.show(f"  {place}")
        if not talk.yes("ask_write", usual=True):
            return False
        write(plan)
        talk.say("written", path=self._path)
        return True


def _usual_path() -> Path:
    if named := os.environ.get("GASGUARD_CONFIG"):
        return Path(named)
    return Path("config.yaml") if unwritable(_USUAL) else _USUAL


@contextlib.contextmanager
def _ended_by_hanging_up() -> Iterator[None]:
    """A closed window and SIGTERM end it as Ctrl-C does: a relay may have to be put back."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        if before[number] != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
