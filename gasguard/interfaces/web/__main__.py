"""`python -m gasguard.interfaces.web DESCRIPTOR`: the process that `gasguard web` becomes."""

import logging
import signal
import sys

from gasguard.errors import GasguardError
from gasguard.logs import log_to_stderr

log = logging.getLogger("gasguard.web")


def main() -> None:
    """Serve until a signal; exit code 2 where nothing can be served."""
    # While the rest is loaded, Ctrl-C ends this without a word.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from gasguard.interfaces.web.app import application
    from gasguard.interfaces.web.serve import LEASH, listening, place, serve
    from gasguard.interfaces.web.settings import received

    settings = received(int(sys.argv[1]))
    written = log_to_stderr()
    try:
        with listening(settings) as listener:
            app, end_streams = application(settings)
            log.info("the page is at %s", place(listener))
            serve(app, end_streams, listener, LEASH if settings.listener is not None else None)
    except GasguardError as error:
        print(f"gasguard web: {error}", file=sys.stderr)  # noqa: T201 - as the command line does
        sys.exit(2)
    finally:
        written.stop()


main()
