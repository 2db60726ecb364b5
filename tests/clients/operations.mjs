// What each client asks: a query, a mutation, an error, and every event of a job that is over.

export const VIEWER = "query Viewer { viewer { role } }";

export const CREATE = "mutation Create($input: CreateLocationInput!) { createLocation(input: $input) { location { name } } }";
export const createVariables = (name) => ({
  input: { name, address: "1 rue A", city: "Paris", country: "FR", coordinates: { latitude: 48.85, longitude: 2.35 } },
});

export const MISSING = 'mutation Missing { deleteLocation(input: { id: "00000000-0000-7000-8000-000000000000" }) { deletedId } }';

export const PROGRESS = "subscription Progress($jobId: ID!) { jobProgress(jobId: $jobId, after: 0) { sequence } }";

export const INVALID = "query Invalid { nothing }";
