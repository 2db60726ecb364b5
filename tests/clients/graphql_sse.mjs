// graphql-sse over distinct connections: a stream for each operation, queries included.
import { createClient } from "graphql-sse";
import { CREATE, createVariables, INVALID, MISSING, PROGRESS, VIEWER } from "./operations.mjs";

export default async function graphqlSse({ url, headers, jobId }) {
  const client = createClient({ url, headers, retryAttempts: 0 });
  const all = async (query, variables) => {
    const answers = [];
    for await (const answer of client.iterate({ query, variables })) answers.push(answer);
    return answers;
  };
  return {
    viewer: (await all(VIEWER))[0].data,
    created: (await all(CREATE, createVariables("from graphql-sse")))[0].data,
    missing: (await all(MISSING))[0].errors.map((each) => each.extensions.code),
    progress: (await all(PROGRESS, { jobId })).map((each) => each.data.jobProgress.sequence),
    invalid: (await all(INVALID))[0].errors.map((each) => each.extensions.code),
  };
}
