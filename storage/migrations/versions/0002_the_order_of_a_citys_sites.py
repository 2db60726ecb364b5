"""The order of a city's sites."""

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"

INDEX = "ix_locations_organization_id_city_created_at_id"


def upgrade() -> None:
    columns = ["organization_id", "city", "created_at", "id"]
    op.create_index(INDEX, "locations", columns, if_not_exists=True)  # 0001 made it for a while


def downgrade() -> None:
    op.drop_index(INDEX, "locations")
