"""All tables.

A new file of tables is imported here; then ``python -m gate.store.make_migration``.
"""

from gate.store.tables.access import DoorModeRow, HolidayRow, RuleRow, ScheduleRow
from gate.store.tables.accounts import AccountRow, SessionRow
from gate.store.tables.acknowledgements import AcknowledgementRow
from gate.store.tables.arrivals import ArrivalNoticeRow, ArrivalWayRow
from gate.store.tables.audit import AuditRow
from gate.store.tables.base import Base
from gate.store.tables.biometrics import CalibrationRow, TemplateRow
from gate.store.tables.commands import CommandCounterRow, CommandKeyRow
from gate.store.tables.credentials import CredentialRow, PermitRow
from gate.store.tables.events import EventRow, OutboxRow, SequenceRow
from gate.store.tables.exports import ExportedRow
from gate.store.tables.fleet import (
    BoxRow,
    ConfigurationRow,
    ErasureRow,
    GateRow,
    IntakeRow,
    PairingCodeRow,
    ReceiptRow,
    ReplicaRow,
    RolloutRow,
    SightingRow,
    TemplateKeyRow,
)
from gate.store.tables.heads import HeadRow
from gate.store.tables.imports import ImportLineRow, ImportRow
from gate.store.tables.key_value import KeyValueRow
from gate.store.tables.learning import LearntRow, LookRow
from gate.store.tables.orders import OrderRow
from gate.store.tables.people import ChangeRow, ConsentRow, PersonRow
from gate.store.tables.places import BuildingRow, HouseholdRow, UnitRow

__all__ = [
    "AccountRow",
    "AcknowledgementRow",
    "ArrivalNoticeRow",
    "ArrivalWayRow",
    "AuditRow",
    "Base",
    "BoxRow",
    "BuildingRow",
    "CalibrationRow",
    "ChangeRow",
    "CommandCounterRow",
    "CommandKeyRow",
    "ConfigurationRow",
    "ConsentRow",
    "CredentialRow",
    "DoorModeRow",
    "ErasureRow",
    "EventRow",
    "ExportedRow",
    "GateRow",
    "HeadRow",
    "HolidayRow",
    "HouseholdRow",
    "ImportLineRow",
    "ImportRow",
    "IntakeRow",
    "KeyValueRow",
    "LearntRow",
    "LookRow",
    "OrderRow",
    "OutboxRow",
    "PairingCodeRow",
    "PermitRow",
    "PersonRow",
    "ReceiptRow",
    "ReplicaRow",
    "RolloutRow",
    "RuleRow",
    "ScheduleRow",
    "SequenceRow",
    "SessionRow",
    "SightingRow",
    "TemplateKeyRow",
    "TemplateRow",
    "UnitRow",
]
