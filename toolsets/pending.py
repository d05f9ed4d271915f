"""What a call answers that a person has to approve first."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from .schema import flat_schema

KEY = "pending_approval"


class PendingApproval(BaseModel):
    """The call was not run: it waits for a decision."""

    model_config = ConfigDict(extra="forbid")
    id: int = Field(description="What get_approval and cancel_approval take.")
    status: str
    summary: str
    expires_at: str
    next: str


_SCHEMA = flat_schema(PendingApproval, "serialization")


def or_pending(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a tool's result that also admits a pending approval in its place.

    A client checks every result against the schema it was told, perhaps long before an administrator asked for
    approvals. Hosts read no union of two objects, so the members of both stand in one and none is required.
    """
    properties = {**schema.get("properties", {}), KEY: _SCHEMA}
    return {**{key: value for key, value in schema.items() if key != "required"}, "properties": properties}
