"""What the endpoints of link campaigns take and show."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from linkwright.fields import ONE_LINE, Metadata, Model, RequestModel, Time, without_defaults

Name = Annotated[str, Field(min_length=1, max_length=100), ONE_LINE]
Description = Annotated[str, Field(max_length=1_000)]


class CreateCampaign(RequestModel):
    """What links are grouped by, so that their clicks are counted together."""

    name: Name
    description: Description | None = None
    metadata: Metadata = Field(default_factory=dict)


class UpdateCampaign(CreateCampaign):
    """The fields to change; what is not sent stays as it is, null takes the description away."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    # Never looked at: only the fields that were sent are.
    name: Name = ""

    def changes(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class Campaign(Model):
    """A campaign of links. A change makes a new `version`."""

    id: str
    name: str
    description: str | None = None
    metadata: dict[str, str]
    created_at: Time
    updated_at: Time
    version: int
