"""The order of a city's sites."""

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"

IN_USUAL_ORDER = "ix_locations_organization_id_city_created_at_id"
BY_CITY = "ix_locations_organization_id_city_id"


def upgrade() -> None:
    columns = ["organization_id", "city", "created_at", "id"]
    op.create_index(IN_USUAL_ORDER, "locations", columns, if_not_exists=True)  # 0001 made it for a while
    # pages in the order of cities need the other one, and SQLite takes the younger of two that begin alike
    op.drop_index(BY_CITY, "locations")
    op.create_index(BY_CITY, "locations", ["organization_id", "city", "id"])


def downgrade() -> None:
    op.drop_index(IN_USUAL_ORDER, "locations")
