"""Runs in a Python that has Home Assistant: blueprints and dashboard over a broker.

``python in_home_assistant.py CONFIG_FOLDER BROKER_PORT PROTOCOL`` prints what happens, and answers
``states`` and ``dashboard``; ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import sys


async def main(folder: str, port: int, protocol: str) -> None:
    from homeassistant import bootstrap, runner
    from homeassistant.config_entries import ConfigEntry

    hass = await bootstrap.async_setup_hass(
        runner.RuntimeConfig(config_dir=folder, verbose=False, skip_pip=True)
    )
    assert hass is not None
    for name in ("rung", "missed", "burning"):
        hass.bus.async_listen(name, lambda event: print("event", event.event_type, flush=True))
    entry = ConfigEntry(
        version=1, minor_version=1, domain="mqtt", title="broker", source="user",
        data={"broker": "127.0.0.1", "port": port, "protocol": protocol},
    )  # fmt: skip
    await hass.config_entries.async_add(entry)
    await hass.async_start()
    print("started", flush=True)
    loop = asyncio.get_running_loop()
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        if line == "states":
            await hass.async_block_till_done()
            states = {state.entity_id: state.state for state in hass.states.async_all()}
            print("states", json.dumps(states), flush=True)
        elif line == "dashboard":
            # what its page is made of: the file, read and checked by Home Assistant
            loaded = await hass.data["lovelace"]["dashboards"]["gate-door"].async_load(False)
            print("dashboard", json.dumps(loaded), flush=True)
    await hass.async_stop(force=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
