"""config/gate.toml, typed. Each folder types its own section; this file puts them together."""
