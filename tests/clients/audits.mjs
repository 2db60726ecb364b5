// graphql-http's audits of a server; gives those that do not pass.
import { auditServer } from "graphql-http";

export default async function audits({ url }) {
  const results = await auditServer({ url, fetchFn: fetch });
  const failed = results.filter((each) => each.status !== "ok");
  return {
    passed: results.length - failed.length,
    failed: await Promise.all(failed.map(async (each) => `${each.id} ${each.name}: ${each.reason} ${await each.response.text()}`)),
  };
}
