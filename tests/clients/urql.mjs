// @urql/core, which lists text/event-stream in the Accept header of every request and streams subscriptions over it.
import { Client, fetchExchange } from "@urql/core";
import { CREATE, createVariables, INVALID, MISSING, PROGRESS, VIEWER } from "./operations.mjs";

export default async function urql({ url, headers, jobId }) {
  const client = new Client({ url, fetchOptions: { headers }, fetchSubscriptions: true, preferGetMethod: false, exchanges: [fetchExchange] });
  const codes = ({ error }) => error.graphQLErrors.map((each) => each.extensions.code);
  return {
    viewer: (await client.query(VIEWER, {})).data,
    viewerByGet: (await client.query(VIEWER, {}, { preferGetMethod: "force" })).data,
    created: (await client.mutation(CREATE, createVariables("from urql"))).data,
    missing: codes(await client.mutation(MISSING, {})),
    progress: await progress(client, jobId),
    invalid: codes(await client.query(INVALID, {})),
  };
}

function progress(client, jobId) {
  const seen = [];
  return new Promise((resolve, reject) => {
    client.subscription(PROGRESS, { jobId }).subscribe((result) => {
      if (result.error) reject(result.error);
      if (result.data && seen.at(-1) !== result.data.jobProgress.sequence) seen.push(result.data.jobProgress.sequence);
      if (!result.hasNext) resolve(seen);
    });
  });
}
