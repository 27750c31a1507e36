"""What users write today: a paho callback that calls python-miio. `… script PORT GROUP`.

One such script a relay, all in this process: each has its own connection, its own thread and its
own device object, made at start, so that a callback that blocks holds up nobody else's command.
"""

import sys
from collections.abc import Callable
from functools import partial

import paho.mqtt.client as paho
from miio import DeviceException, MiotDevice  # type: ignore[attr-defined]
from paho.mqtt.enums import CallbackAPIVersion

from tests.bench.client import new_client
from tests.bench.site import PIID, SIID, TOKEN, Group


def on_message(
    device: MiotDevice,
    done: Callable[[str], object],
    _client: paho.Client,
    _userdata: object,
    _message: paho.MQTTMessage,
) -> None:
    """The callback of the article's readers; only the last words are the benchmark's."""
    try:
        device.set_property_by(SIID, PIID, True)
    except DeviceException:
        done("failed")
    else:
        done("ok")


def main(port: int, group: Group) -> None:
    """Serve for ever."""
    reporter = new_client(port)
    reporter.loop_start()
    for index in range(group.count):
        device = MiotDevice(group.host(index), TOKEN)
        done = partial(reporter.publish, f"{group.name}/{index}/done", qos=1)
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.on_message = partial(on_message, device, done)
        client.on_subscribe = lambda *_, done=done: done("ready")
        client.connect("127.0.0.1", port)
        client.subscribe(f"{group.name}/{index}/off/set")
        client.loop_start()
    sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), Group.from_argument(sys.argv[2]))
