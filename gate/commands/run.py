"""``gate run``: the daemon."""

from __future__ import annotations

import signal

from gate.commands import Config
from gate.settings import DEFAULT, load


def run(config: Config = DEFAULT) -> None:
    """Run the gate: camera, recognition, decision, relay, event.

    Ends on SIGTERM or Ctrl-C with every relay at rest and every event written.
    """
    settings = load(config)
    from gate import log
    from gate.daemon import Daemon

    log.set_up(settings.log)
    daemon = Daemon(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: daemon.stop())
    daemon.run()
