"""Shows what a real Home Assistant makes of a gate: its entities and their states.

Run with a Python that has Home Assistant (`pip install homeassistant paho-mqtt`), not with the
gate's own:  ``python benchmarks/home_assistant.py BROKER_PORT``. The gate must be running, with
``[homeassistant] enabled``, on that broker.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from homeassistant import bootstrap, runner

_ENTRY: dict[str, object] = {
    "created_at": "2026-01-01T00:00:00+00:00", "data": {}, "disabled_by": None,
    "discovery_keys": {}, "domain": "mqtt", "entry_id": "gate", "minor_version": 2,
    "modified_at": "2026-01-01T00:00:00+00:00", "options": {}, "pref_disable_new_entities": False,
    "pref_disable_polling": False, "source": "user", "subentries": [], "title": "broker",
    "unique_id": None, "version": 1,
}  # fmt: skip


async def main(port: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        storage = Path(name) / ".storage"
        storage.mkdir()
        entry = {**_ENTRY, "data": {"broker": "127.0.0.1", "port": port, "protocol": "5"}}
        (storage / "core.config_entries").write_text(
            json.dumps(
                {
                    "version": 1,
                    "minor_version": 5,
                    "key": "core.config_entries",
                    "data": {"entries": [entry]},
                }
            )
        )
        (Path(name) / "configuration.yaml").write_text("homeassistant:\n")
        hass = await bootstrap.async_setup_hass(
            runner.RuntimeConfig(config_dir=name, verbose=False)
        )
        assert hass is not None
        await hass.async_start()
        await asyncio.sleep(seconds)
        for state in sorted(hass.states.async_all(), key=lambda s: s.entity_id):
            if "gate" in state.entity_id or "menjin" in state.entity_id:
                more = {k: v for k, v in state.attributes.items() if k in _SHOWN}
                print(state.entity_id, "=", state.state, more or "")
        await hass.async_stop(force=True)


_SHOWN = ("device_class", "event_type", "method", "reasons", "unit_of_measurement")

if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 10.0))
