"""config/gate.toml, typed. Each folder types its own section; this file puts them together.

An environment variable overrides a key: ``GATE_STORE__URL`` sets ``url`` in ``[store]``.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from gate.access.settings import AccessSettings
from gate.access.status_settings import StatusSettings
from gate.camera.settings import CameraSettings
from gate.config import from_hub
from gate.config.advanced import TABLE, Lifted, advanced_keys, lifted
from gate.config.backup import BackupSettings
from gate.config.desk import DeskSettings
from gate.config.hub import HubSettings
from gate.config.mistakes import mistakes_in
from gate.config.paths import below
from gate.config.places import base_of, configuration
from gate.config.read import read
from gate.config.retired import without
from gate.door.settings import DoorSettings
from gate.errors import ConfigurationError
from gate.exporting.settings import ExportSettings
from gate.integrations.settings import (
    CommandSettings,
    HomeAssistantSettings,
    HttpSettings,
    LogSettings,
    MqttSettings,
    WebhookSettings,
)
from gate.models.settings import ModelsSettings
from gate.models.table import MODELS
from gate.notify.settings import NotifySettings
from gate.readers.out.settings import ReaderOutSettings
from gate.readers.settings import ReaderSettings
from gate.recognition.learning.settings import LearningSettings
from gate.recognition.liveness.settings import LivenessSettings
from gate.recognition.quality.settings import QualitySettings
from gate.recognition.settings import RecognitionSettings
from gate.relay.settings import RelaySettings
from gate.screen.settings import ScreenSettings
from gate.sensors.settings import TemperatureSettings
from gate.store.settings import StoreSettings

DEFAULT = configuration()
_Model = TypeVar("_Model", bound=BaseModel)
log = logging.getLogger(__name__)

GATE_NAME = r"^[a-z0-9-]{1,32}$"


class Settings(BaseSettings):
    """The whole configuration of one gate."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="GATE_", env_nested_delimiter="__"
    )

    name: str = Field(
        "gate-1",
        pattern=GATE_NAME,
        description="the name of this gate in events and topics: a-z, 0-9 and -",
    )
    label: str = Field(
        "",
        max_length=40,
        description='the name of this gate for people, such as "东门"; empty: its name',
    )
    timezone: str = Field(
        "",
        description="the time zone by which schedules, holidays and ages count, by its name "
        '("Asia/Shanghai"); empty: that of the machine',
    )
    data: Path = Field(
        Path("var"), description="where this box keeps its database, its key and converted models"
    )
    camera: tuple[CameraSettings, ...] = (CameraSettings(),)
    relay: RelaySettings = RelaySettings()
    door: DoorSettings = DoorSettings()
    reader: tuple[ReaderSettings, ...] = ()
    access: AccessSettings = AccessSettings()
    screen: ScreenSettings = ScreenSettings()
    desk: DeskSettings = DeskSettings()
    temperature: TemperatureSettings = TemperatureSettings()
    notify: NotifySettings = NotifySettings()
    liveness: LivenessSettings = LivenessSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    quality: QualitySettings = QualitySettings()
    learning: LearningSettings = LearningSettings()
    models: ModelsSettings = ModelsSettings()
    status: StatusSettings = StatusSettings()
    reader_out: ReaderOutSettings = ReaderOutSettings()
    store: StoreSettings = StoreSettings()
    mqtt: MqttSettings = MqttSettings()
    homeassistant: HomeAssistantSettings = HomeAssistantSettings()
    commands: CommandSettings = CommandSettings()
    webhook: WebhookSettings = WebhookSettings()
    export: tuple[ExportSettings, ...] = ()
    http: HttpSettings = HttpSettings()
    log: LogSettings = LogSettings()
    hub: HubSettings = HubSettings()
    backup: BackupSettings = BackupSettings()

    @model_validator(mode="before")
    @classmethod
    def _retired_keys_have_no_effect(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        kept, retired = without(values)  # of the environment: those of files are out already
        if retired:
            log.warning("no longer used, without effect: %s; unset them", ", ".join(retired))
        return kept

    @field_validator("timezone")
    @classmethod
    def _zone_is_known(cls, name: str) -> str:
        try:
            return name if not name or ZoneInfo(name) else ""
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                f'there is no time zone "{name}"; write it like "Asia/Shanghai"'
            ) from None

    @property
    def zone(self) -> tzinfo | None:
        """The zone of schedules; None: that of the machine."""
        return ZoneInfo(self.timezone) if self.timezone else None

    @model_validator(mode="after")
    def _devices_have_names_of_their_own(self) -> Settings:
        names = [camera.name for camera in self.camera] + [reader.name for reader in self.reader]
        if not 1 <= len(self.camera) <= 4:
            raise ValueError("a gate has one to four cameras")
        if len(set(names)) != len(names):
            raise ValueError("two cameras or readers have the same name")
        return self

    @model_validator(mode="after")
    def _exports_have_names_of_their_own(self) -> Settings:
        names = [export.name for export in self.export]
        if len(set(names)) != len(names):
            raise ValueError("two exports have the same name")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        if isinstance(env_settings, EnvSettingsSource):
            env_settings.env_vars = {
                name.replace(f"gate_{TABLE}__", "gate_", 1): value
                for name, value in env_settings.env_vars.items()
            }
        return (env_settings, init_settings)


ADVANCED = tuple(advanced_keys(Settings))


@dataclass(frozen=True, slots=True)
class Outdated:
    """Keys of an earlier version: ``retired`` have no effect, ``moved`` belong in [advanced]."""

    retired: tuple[str, ...]
    moved: tuple[str, ...]


def load(path: Path = DEFAULT, *, hub: Mapping[str, Any] | None = None) -> Settings:
    """Read the file, what the hub of this box has set, then the environment: each overrides the
    ones before.

    Args:
        hub: instead of what the hub has set so far, to see whether it fits.

    Raises ConfigurationError naming every mistake at once: key, value, what is allowed. What a hub
    has set and does not fit the file any more has no effect, and is logged.
    """
    own, base = _current(read(path), str(path)), base_of(path)
    settings = _checked(own, str(path))
    if hub is not None:
        both = _both(own, _current(hub, "what the hub sets"))
        settings = _checked(both, f"{path} and the hub's")
    elif values := from_hub.values_of(base / settings.data):
        try:
            both = _both(own, _current(values, "what the hub sets"))
            settings = _checked(both, str(path))
        except ConfigurationError as error:
            log.error("hub.configuration", extra={"cause": f"has no effect: {error.what}"})
    return _with_models(below(settings, base))


def _with_models(settings: Settings) -> Settings:
    """Where a hub has given models, those that are named may be taken from there."""
    recognition = settings.recognition
    named = {*settings.models.install, recognition.detector, *recognition.encoder.split("+")}
    names = named & {known.name for known in MODELS if known.files}
    models = settings.models.with_carried(from_hub.models_of(settings.data), names)
    return settings.model_copy(update={"models": models})


def checked_for_gates(values: Mapping[str, Any]) -> None:
    """What a hub may give its gates, by the same rules as a file of theirs.

    Raises ConfigurationError naming every mistake at once.
    """
    where = "the configuration for the gates"
    current = _current(values, where)
    if keys := from_hub.forbidden(current.values):
        raise ConfigurationError(
            f"a hub may not set {', '.join(keys)}",
            where=where,
            hint="this belongs in the file of each box: wiring, addresses, secrets and paths; "
            "rules and schedules are in the register",
        )
    _checked(current, where)


def outdated(path: Path) -> Outdated:
    """The keys of an earlier version that the file has. Raises ConfigurationError."""
    kept, retired = without(read(path))
    return Outdated(tuple(retired), lifted(kept, ADVANCED).moved)


def build(values: Mapping[str, Any], *, where: str = "") -> Settings:
    """Settings from values as they are in a file.

    Args:
        where: the file, for mistakes and for what is reported of keys of an earlier version; ""
            for values that a program has put together, of which nothing is reported.
    """
    return _checked(_current(values, where), where)


def _current(values: Mapping[str, Any], where: str) -> Lifted:
    """Values as this version has them; those of an earlier one are reported."""
    kept, retired = without(values)
    whole = lifted(kept, ADVANCED)
    if retired and where:
        log.warning(
            "%s: no longer used, without effect: %s; `gate config upgrade` removes them",
            where,
            _some(retired),
        )
    if whole.moved and where:
        log.warning(
            "%s: moved to [advanced], in effect still: %s; `gate config upgrade` moves them",
            where,
            _some(whole.moved),
        )
    return whole


def _some(keys: Sequence[str], most: int = 8) -> str:
    """A line of a log; the doctor and the command name them all."""
    rest = len(keys) - most
    return ", ".join(keys[:most]) + (f" and {rest} more" if rest > 0 else "")


def _both(own: Lifted, over: Lifted) -> Lifted:
    misplaced = (*own.misplaced, *over.misplaced)
    return Lifted(_merge(dict(own.values), over.values), misplaced=misplaced)


def _checked(own: Lifted, where: str) -> Settings:
    mistakes = [
        f"{key}: this environment variable names no section"
        for key in os.environ
        if key.startswith("GATE_") and "__" in key and not _names_a_section(key)
    ]
    mistakes += [
        f"{TABLE}.{key}: there is no such key in [{TABLE}]; see docs/configuration.md"
        for key in own.misplaced
    ]
    settings = None
    try:
        settings = Settings(**own.values)
    except ValidationError as error:
        mistakes += mistakes_in(error, Settings)
    except SettingsError as error:
        mistakes.append(f"an environment variable cannot be read: {error}")
    if mistakes or settings is None:
        count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise ConfigurationError(
            f"{count} in the configuration:\n" + "\n".join(f"  - {m}" for m in mistakes),
            where=where,
            hint="correct each line above; `gate config check` reads the file again",
        )
    return settings


def _names_a_section(variable: str) -> bool:
    section = variable.removeprefix("GATE_").split("__")[0].lower()
    return section == TABLE or section in Settings.model_fields


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            base[key] = _merge(dict(base[key]), value)
        else:
            base[key] = value
    return base
