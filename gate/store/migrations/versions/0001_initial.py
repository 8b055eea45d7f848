"""The first schema. Later ones build upon it; not edited any more."""
# ruff: noqa
# fmt: off
# mypy: ignore-errors

import sqlalchemy as sa
from alembic import op

import gate.store.tables.base
from gate.store import immutability

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('accounts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('login', sa.String(length=80), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('password', sa.String(length=200), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('locale', sa.String(length=10), nullable=False),
    sa.Column('disabled', gate.store.tables.base.UtcDateTime(), nullable=True),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('locked_until', gate.store.tables.base.UtcDateTime(), nullable=True),
    sa.Column('created', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accounts')),
    sa.UniqueConstraint('login', name=op.f('uq_accounts_login'))
    )
    op.create_table('acknowledgements',
    sa.Column('event', sa.String(length=36), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.Column('note', sa.String(length=300), nullable=False),
    sa.Column('at', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('event', name=op.f('pk_acknowledgements'))
    )
    op.create_table('audit',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('action', sa.String(length=60), nullable=False),
    sa.Column('subject', sa.String(length=80), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('previous', sa.LargeBinary(length=32), nullable=False),
    sa.Column('hash', sa.LargeBinary(length=32), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit'))
    )
    op.create_index(op.f('ix_audit_action'), 'audit', ['action'], unique=False)
    op.create_index(op.f('ix_audit_at'), 'audit', ['at'], unique=False)
    op.create_index(op.f('ix_audit_subject'), 'audit', ['subject'], unique=False)
    op.create_table('buildings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_buildings')),
    sa.UniqueConstraint('name', name=op.f('uq_buildings_name'))
    )
    op.create_table('calibrations',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('encoder', sa.String(length=80), nullable=False),
    sa.Column('version', sa.String(length=80), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('figures', sa.JSON(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('created', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calibrations')),
    sa.UniqueConstraint('kind', 'encoder', 'version', name=op.f('uq_calibrations_kind_encoder_version'))
    )
    op.create_table('changes',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('at', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_changes')),
    sqlite_autoincrement=True
    )
    op.create_table('command_counters',
    sa.Column('gate', sa.String(length=40), nullable=False),
    sa.Column('key', sa.String(length=16), nullable=False),
    sa.Column('counter', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('gate', 'key', name=op.f('pk_command_counters'))
    )
    op.create_table('command_keys',
    sa.Column('id', sa.String(length=16), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('public', sa.LargeBinary(length=32), nullable=False),
    sa.Column('commands', sa.JSON(), nullable=False),
    sa.Column('created', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.Column('revoked', gate.store.tables.base.UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_command_keys')),
    sa.UniqueConstraint('name', name=op.f('uq_command_keys_name'))
    )
    op.create_table('door_modes',
    sa.Column('gate', sa.String(length=40), nullable=False),
    sa.Column('mode', sa.String(length=20), nullable=False),
    sa.Column('until', gate.store.tables.base.UtcDateTime(), nullable=True),
    sa.Column('set_by', sa.String(length=80), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('at', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('gate', name=op.f('pk_door_modes'))
    )
    op.create_table('events',
    sa.Column('gate', sa.String(length=40), nullable=False),
    sa.Column('sequence', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('time', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.Column('type', sa.String(length=60), nullable=False),
    sa.Column('passage', sa.String(length=36), nullable=True),
    sa.Column('person', sa.String(length=32), nullable=True),
    sa.Column('method', sa.String(length=20), nullable=True),
    sa.Column('decision', sa.String(length=10), nullable=True),
    sa.Column('reason', sa.String(length=60), nullable=True),
    sa.Column('latency', sa.Double(), nullable=True),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('gate', 'sequence', name=op.f('pk_events'))
    )
    op.create_index(op.f('ix_events_passage'), 'events', ['passage'], unique=False)
    op.create_index(op.f('ix_events_person_time'), 'events', ['person', 'time'], unique=False)
    op.create_index(op.f('ix_events_time'), 'events', ['time'], unique=False)
    op.create_index(op.f('ix_events_type_time'), 'events', ['type', 'time'], unique=False)
    op.create_index('uq_events_id', 'events', ['id'], unique=True)
    op.create_table('facts',
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('value', sa.JSON(), nullable=False),
    sa.Column('at', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_facts'))
    )
    op.create_table('holidays',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('counts_as', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_holidays'))
    )
    op.create_table('imports',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.Column('at', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.Column('finished', gate.store.tables.base.UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_imports'))
    )
    op.create_table('orders',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('gate', sa.String(length=40), nullable=False),
    sa.Column('command', sa.String(length=20), nullable=False),
    sa.Column('until', gate.store.tables.base.UtcDateTime(), nullable=True),
    sa.Column('ordered_by', sa.String(length=80), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('at', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.Column('expires', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.Column('taken', gate.store.tables.base.UtcDateTime(), nullable=True),
    sa.Column('result', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_orders'))
    )
    op.create_index(op.f('ix_orders_gate_taken'), 'orders', ['gate', 'taken'], unique=False)
    op.create_table('outbox',
    sa.Column('gate', sa.String(length=40), nullable=False),
    sa.Column('receiver', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('gate', 'receiver', 'sequence', name=op.f('pk_outbox'))
    )
    op.create_table('rules',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_rules'))
    )
    op.create_table('schedules',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('text', sa.String(length=400), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_schedules'))
    )
    op.create_table('sequences',
    sa.Column('gate', sa.String(length=40), nullable=False),
    sa.Column('last', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('gate', name=op.f('pk_sequences'))
    )
    op.create_table('import_lines',
    sa.Column('import_id', sa.Integer(), nullable=False),
    sa.Column('line', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('result', sa.String(length=20), nullable=False),
    sa.Column('note', sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['imports.id'], name=op.f('fk_import_lines_import_id_imports'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('import_id', 'line', name=op.f('pk_import_lines'))
    )
    op.create_table('sessions',
    sa.Column('token', sa.LargeBinary(length=32), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('csrf', sa.String(length=64), nullable=False),
    sa.Column('created', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.Column('seen', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.Column('expires', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.Column('address', sa.String(length=64), nullable=False),
    sa.Column('agent', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_sessions_account_id_accounts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('token', name=op.f('pk_sessions'))
    )
    op.create_index(op.f('ix_sessions_account_id'), 'sessions', ['account_id'], unique=False)
    op.create_index(op.f('ix_sessions_expires'), 'sessions', ['expires'], unique=False)
    op.create_table('units',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('building_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['building_id'], ['buildings.id'], name=op.f('fk_units_building_id_buildings')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_units')),
    sa.UniqueConstraint('building_id', 'name', name=op.f('uq_units_building_id_name'))
    )
    op.create_table('households',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('label', sa.String(length=80), nullable=False),
    sa.Column('permits', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_households_unit_id_units')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_households'))
    )
    op.create_index(op.f('ix_households_unit_id'), 'households', ['unit_id'], unique=False)
    op.create_table('people',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('ref', sa.String(length=32), nullable=False),
    sa.Column('number', sa.String(length=80), nullable=True),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('household_id', sa.Integer(), nullable=True),
    sa.Column('birth_year', sa.Integer(), nullable=True),
    sa.Column('birth_date', sa.Date(), nullable=True),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('note', sa.String(length=500), nullable=False),
    sa.Column('locale', sa.String(length=10), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('blocked', sa.Boolean(), nullable=False),
    sa.Column('blocked_reason', sa.String(length=200), nullable=False),
    sa.Column('valid_from', gate.store.tables.base.UtcDateTime(), nullable=True),
    sa.Column('valid_until', gate.store.tables.base.UtcDateTime(), nullable=True),
    sa.Column('groups', sa.JSON(), nullable=False),
    sa.Column('extended_unlock', sa.Boolean(), nullable=False),
    sa.Column('face_alone', sa.Boolean(), nullable=False),
    sa.Column('created', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.Column('updated', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['household_id'], ['households.id'], name=op.f('fk_people_household_id_households')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_people')),
    sa.UniqueConstraint('number', name=op.f('uq_people_number')),
    sa.UniqueConstraint('ref', name=op.f('uq_people_ref')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_people_household_id'), 'people', ['household_id'], unique=False)
    op.create_index(op.f('ix_people_name'), 'people', ['name'], unique=False)
    op.create_table('consents',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('purpose', sa.String(length=20), nullable=False),
    sa.Column('answer', sa.String(length=20), nullable=False),
    sa.Column('text_version', sa.String(length=40), nullable=False),
    sa.Column('language', sa.String(length=10), nullable=False),
    sa.Column('asked_by', sa.String(length=80), nullable=False),
    sa.Column('guardian', sa.String(length=120), nullable=False),
    sa.Column('at', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_consents_person_id_people'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consents'))
    )
    op.create_index(op.f('ix_consents_person_id'), 'consents', ['person_id'], unique=False)
    op.create_table('credentials',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('label', sa.String(length=80), nullable=False),
    sa.Column('duress', sa.Boolean(), nullable=False),
    sa.Column('valid_from', gate.store.tables.base.UtcDateTime(), nullable=True),
    sa.Column('valid_until', gate.store.tables.base.UtcDateTime(), nullable=True),
    sa.Column('revoked', gate.store.tables.base.UtcDateTime(), nullable=True),
    sa.Column('revoked_reason', sa.String(length=200), nullable=False),
    sa.Column('created', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_credentials_person_id_people'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credentials')),
    sa.UniqueConstraint('kind', 'hash', name=op.f('uq_credentials_kind_hash'))
    )
    op.create_index(op.f('ix_credentials_person_id'), 'credentials', ['person_id'], unique=False)
    op.create_table('permits',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('household_id', sa.Integer(), nullable=True),
    sa.Column('issued_by', sa.String(length=80), nullable=False),
    sa.Column('valid_from', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.Column('valid_until', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.Column('gates', sa.JSON(), nullable=False),
    sa.Column('uses_allowed', sa.Integer(), nullable=True),
    sa.Column('uses', sa.Integer(), nullable=False),
    sa.Column('revoked', gate.store.tables.base.UtcDateTime(), nullable=True),
    sa.Column('revoked_reason', sa.String(length=200), nullable=False),
    sa.Column('created', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['household_id'], ['households.id'], name=op.f('fk_permits_household_id_households')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_permits_person_id_people'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_permits'))
    )
    op.create_index(op.f('ix_permits_household_id'), 'permits', ['household_id'], unique=False)
    op.create_index(op.f('ix_permits_person_id'), 'permits', ['person_id'], unique=False)
    op.create_table('templates',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('encoder', sa.String(length=80), nullable=False),
    sa.Column('vector', sa.LargeBinary(), nullable=False),
    sa.Column('quality', sa.Double(), nullable=False),
    sa.Column('label', sa.String(length=20), nullable=False),
    sa.Column('created', gate.store.tables.base.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_templates_person_id_people'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_templates'))
    )
    op.create_index(op.f('ix_templates_encoder'), 'templates', ['encoder'], unique=False)
    op.create_index(op.f('ix_templates_person_id'), 'templates', ['person_id'], unique=False)
    for statement in immutability.statements(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    op.drop_index(op.f('ix_templates_person_id'), table_name='templates')
    op.drop_index(op.f('ix_templates_encoder'), table_name='templates')
    op.drop_table('templates')
    op.drop_index(op.f('ix_permits_person_id'), table_name='permits')
    op.drop_index(op.f('ix_permits_household_id'), table_name='permits')
    op.drop_table('permits')
    op.drop_index(op.f('ix_credentials_person_id'), table_name='credentials')
    op.drop_table('credentials')
    op.drop_index(op.f('ix_consents_person_id'), table_name='consents')
    op.drop_table('consents')
    op.drop_index(op.f('ix_people_name'), table_name='people')
    op.drop_index(op.f('ix_people_household_id'), table_name='people')
    op.drop_table('people')
    op.drop_index(op.f('ix_households_unit_id'), table_name='households')
    op.drop_table('households')
    op.drop_table('units')
    op.drop_index(op.f('ix_sessions_expires'), table_name='sessions')
    op.drop_index(op.f('ix_sessions_account_id'), table_name='sessions')
    op.drop_table('sessions')
    op.drop_table('import_lines')
    op.drop_table('sequences')
    op.drop_table('schedules')
    op.drop_table('rules')
    op.drop_table('outbox')
    op.drop_index(op.f('ix_orders_gate_taken'), table_name='orders')
    op.drop_table('orders')
    op.drop_table('imports')
    op.drop_table('holidays')
    op.drop_table('facts')
    op.drop_index('uq_events_id', table_name='events')
    op.drop_index(op.f('ix_events_type_time'), table_name='events')
    op.drop_index(op.f('ix_events_time'), table_name='events')
    op.drop_index(op.f('ix_events_person_time'), table_name='events')
    op.drop_index(op.f('ix_events_passage'), table_name='events')
    op.drop_table('events')
    op.drop_table('door_modes')
    op.drop_table('command_keys')
    op.drop_table('command_counters')
    op.drop_table('changes')
    op.drop_table('calibrations')
    op.drop_table('buildings')
    op.drop_index(op.f('ix_audit_subject'), table_name='audit')
    op.drop_index(op.f('ix_audit_at'), table_name='audit')
    op.drop_index(op.f('ix_audit_action'), table_name='audit')
    op.drop_table('audit')
    op.drop_table('acknowledgements')
    op.drop_table('accounts')
