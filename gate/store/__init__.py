"""What the gate remembers: tables, migrations, the vault and the repository.

``Store.open(settings)`` (``gate.store.store``) is the only way in.
"""
