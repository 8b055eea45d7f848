"""config/gate.toml, typed. Each folder types its own section; this file puts them together.

An environment variable overrides a key: ``GATE_STORE__URL`` sets ``url`` in ``[store]``.
"""

from __future__ import annotations

import logging
import os
import tomllib
from collections.abc import Mapping
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
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from gate.access.settings import AccessSettings
from gate.access.status_settings import StatusSettings
from gate.camera.settings import CameraSettings
from gate.config import from_hub
from gate.config.backup import BackupSettings
from gate.config.desk import DeskSettings
from gate.config.hub import HubSettings
from gate.config.mistakes import mistakes_in
from gate.config.places import base_of, configuration
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
    recognition: RecognitionSettings = RecognitionSettings()
    quality: QualitySettings = QualitySettings()
    liveness: LivenessSettings = LivenessSettings()
    learning: LearningSettings = LearningSettings()
    models: ModelsSettings = ModelsSettings()
    reader: tuple[ReaderSettings, ...] = ()
    reader_out: ReaderOutSettings = ReaderOutSettings()
    temperature: TemperatureSettings = TemperatureSettings()
    status: StatusSettings = StatusSettings()
    access: AccessSettings = AccessSettings()
    door: DoorSettings = DoorSettings()
    relay: RelaySettings = RelaySettings()
    store: StoreSettings = StoreSettings()
    mqtt: MqttSettings = MqttSettings()
    homeassistant: HomeAssistantSettings = HomeAssistantSettings()
    commands: CommandSettings = CommandSettings()
    webhook: WebhookSettings = WebhookSettings()
    export: tuple[ExportSettings, ...] = ()
    notify: NotifySettings = NotifySettings()
    http: HttpSettings = HttpSettings()
    log: LogSettings = LogSettings()
    screen: ScreenSettings = ScreenSettings()
    desk: DeskSettings = DeskSettings()
    hub: HubSettings = HubSettings()
    backup: BackupSettings = BackupSettings()

    @model_validator(mode="before")
    @classmethod
    def _retired_keys_have_no_effect(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        kept, retired = without(values)
        for key in retired:
            log.warning("the key %s is no longer used and has no effect; remove it", key)
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
        return (env_settings, init_settings)


def load(
    path: Path = DEFAULT,
    overrides: Mapping[str, Any] | None = None,
    *,
    hub: Mapping[str, Any] | None = None,
) -> Settings:
    """Read the file, what the hub of this box has set, the environment, then ``overrides`` (nested
    as in the file). Each overrides the ones before; only the environment cannot be overridden.

    Args:
        hub: instead of what the hub has set so far, to see whether it fits.

    Raises ConfigurationError naming every mistake at once: key, value, what is allowed. What a hub
    has set and does not fit the file any more has no effect, and is logged.
    """
    own, base = _read(path), base_of(path)
    settings = build(own, overrides, where=str(path))
    if hub is not None:
        settings = build(_merge(dict(own), hub), overrides, where=f"{path} and the hub's")
    elif values := from_hub.values_of(base / settings.data):
        try:
            settings = build(_merge(dict(own), values), overrides, where=str(path))
        except ConfigurationError as error:
            log.error("hub.configuration", extra={"cause": f"has no effect: {error.what}"})
    return _with_models(_below(settings, base))


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
    if keys := from_hub.forbidden(values):
        raise ConfigurationError(
            f"a hub may not set {', '.join(keys)}",
            where=where,
            hint="this belongs in the file of each box: wiring, addresses, secrets and paths; "
            "rules and schedules are in the register",
        )
    build(values, where=where)


def retired_keys(path: Path) -> list[str]:
    """The keys of the file that no longer have an effect. Raises ConfigurationError."""
    return without(_read(path))[1]


def _below(model: _Model, base: Path) -> _Model:
    """The same model with every relative path below ``base``; those of [store] are below data."""
    moved: dict[str, Any] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, StoreSettings):
            continue
        if isinstance(value, BaseModel):
            moved[name] = _below(value, base)
        elif isinstance(value, Path):
            moved[name] = base / value
    if isinstance(model, Settings):
        moved["camera"] = tuple(_file_below(camera, base) for camera in model.camera)
        moved["export"] = tuple(_export_below(export, base) for export in model.export)
    return model.model_copy(update=moved)


def _file_below(camera: CameraSettings, base: Path) -> CameraSettings:
    if camera.source_file is not None:
        camera = camera.model_copy(update={"source": _read_source(base / camera.source_file)})
    if "://" in camera.source:
        return camera
    return camera.model_copy(update={"source": str(base / camera.source)})


def _export_below(export: ExportSettings, base: Path) -> ExportSettings:
    moved = _below(export, base)
    own = "/" in export.mapping or export.mapping.endswith(".toml")
    return moved.model_copy(update={"mapping": str(base / export.mapping)}) if own else moved


def _read_source(path: Path) -> str:
    try:
        source = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ConfigurationError(
            f"the source of the camera cannot be read: {reason}",
            where=f"[[camera]] source_file: {path}",
            hint="write the camera's address into the file, readable by the user the gate runs as",
        ) from None
    if not source or "\n" in source:
        raise ConfigurationError(
            "the file with the camera's source has to hold one line",
            where=f"[[camera]] source_file: {path}",
            hint="write the camera's address into it, and nothing else",
        )
    return source


def build(
    values: Mapping[str, Any], overrides: Mapping[str, Any] | None = None, *, where: str = ""
) -> Settings:
    """Settings from values as they are in a file."""
    merged = _merge(dict(values), overrides or {})
    mistakes = [
        f"{key}: this environment variable names no section"
        for key in os.environ
        if key.startswith("GATE_") and "__" in key and not _names_a_section(key)
    ]
    settings = None
    try:
        settings = Settings(**merged)
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
    return section in Settings.model_fields


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))  # Windows' editor marks its UTF-8
    except FileNotFoundError:
        raise ConfigurationError(
            "there is no configuration file",
            where=str(path),
            hint="run `gate init`, or name one with --config",
        ) from None
    except OSError as error:
        closed = isinstance(error, PermissionError)
        raise ConfigurationError(
            f"the configuration cannot be read: {error.strerror}",
            where=str(path),
            hint="put sudo before the command" if closed else "check the disk",
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(
            "the configuration is in another encoding than UTF-8",
            where=str(path),
            hint="save it as UTF-8: what Windows' editor calls Unicode or ANSI is not",
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"the configuration is not TOML: {error}",
            where=str(path),
            hint="correct the line named; strings need quotes",
        ) from None


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            base[key] = _merge(dict(base[key]), value)
        else:
            base[key] = value
    return base
