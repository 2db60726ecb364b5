// The schema and the rows of the peers that have resolvers: prepared statements, one for the children of all parents.
import pg from "pg";

export const CONNECTIONS = 16;

export const typeDefs = /* GraphQL */ `
  type Query {
    location(id: ID!): Location
    locations(first: Int): Locations!
  }
  type Locations { nodes: [Location!]! }
  type Chargers { nodes: [Charger!]! }
  type Location {
    id: ID!
    slug: String!
    name: String!
    address: String!
    city: String!
    country: String!
    timezone: String
    public: Boolean!
    chargers: Chargers!
  }
  type Charger {
    id: ID!
    identity: String!
    vendorName: String!
    model: String!
    connectorType: String!
    evses: [EVSE!]!
  }
  type EVSE { id: ID!, evseUid: String!, connectorType: String!, status: String! }
`;

const SITE = "id, slug, name, address, city, country, timezone, public";
const STATEMENTS = {
  location: `SELECT ${SITE} FROM locations WHERE organization_id = $1 AND id = $2`,
  locations: `SELECT ${SITE} FROM locations WHERE organization_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2`,
  chargers: `SELECT id, identity, vendor_name AS "vendorName", model, connector_type AS "connectorType",
    location_id AS parent FROM deployments WHERE organization_id = $1 AND location_id = ANY($2)
    ORDER BY created_at DESC, id DESC`,
  evses: `SELECT id, evse_uid AS "evseUid", connector_type AS "connectorType", status, charger_id AS parent
    FROM ocpi_evses WHERE organization_id = $1 AND charger_id = ANY($2) ORDER BY connector_number`,
};

export function makeRows(url, organization) {
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS });
  const query = async (name, value) =>
    (await pool.query({ name, text: STATEMENTS[name], values: [organization, value] })).rows;
  const children = async (name, ids) => {
    const found = new Map(ids.map((id) => [id, []]));
    for (const row of await query(name, ids)) found.get(row.parent).push(row);
    return ids.map((id) => found.get(id));
  };
  return {
    location: async (id) => (await query("location", id))[0] ?? null,
    locations: async (first) => ({ nodes: await query("locations", first ?? 50) }),
    chargers: async (ids) => (await children("chargers", ids)).map((nodes) => ({ nodes })),
    evses: (ids) => children("evses", ids),
  };
}
