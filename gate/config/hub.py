"""The ``[hub]`` section: of the machine that keeps a register for many gates."""

from __future__ import annotations

from pydantic import Field

from gate.section import Section


class HubSettings(Section):
    """Where boxes reach the hub (`gate hub run`), and how long they may be without it."""

    host: str = Field("0.0.0.0", description="address on which boxes are served, with TLS")
    port: int = Field(8444, ge=0, le=65535, description="TCP port; 0: any free one")
    hosts: tuple[str, ...] = Field(
        (),
        description="names and addresses under which boxes reach the hub, for its certificate; "
        "this machine's own names are in it anyway",
    )
    lease_days: float = Field(
        7,
        gt=0,
        le=365,
        description="days after which a box without contact forgets all faces and goes on with "
        "cards",
    )
