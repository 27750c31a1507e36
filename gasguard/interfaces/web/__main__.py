"""`python -m gasguard.interfaces.web DESCRIPTOR`: the process that `gasguard web` becomes."""

import logging
import sys

from gasguard.errors import GasguardError
from gasguard.interfaces.web.app import application
from gasguard.interfaces.web.serve import listen, serve
from gasguard.interfaces.web.settings import received
from gasguard.logs import log_to_stderr

log = logging.getLogger("gasguard.web")


def main() -> None:
    """Serve until a signal; exit code 2 where nothing can be served."""
    settings = received(int(sys.argv[1]))
    written = log_to_stderr()
    try:
        with listen(settings.host, settings.port) as listener:
            app, end_streams = application(settings)
            log.info("the page is at http://%s:%d/", settings.host, settings.port)
            serve(app, end_streams, listener)
    except GasguardError as error:
        print(f"gasguard web: {error}", file=sys.stderr)  # noqa: T201 - as the command line does
        sys.exit(2)
    finally:
        written.stop()


main()
