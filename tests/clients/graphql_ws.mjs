// graphql-ws: every operation over one WebSocket, then a refused token.
import { createClient } from "graphql-ws";
import { CREATE, createVariables, INVALID, MISSING, PROGRESS, VIEWER } from "./operations.mjs";

export default async function graphqlWs({ socketUrl, headers, jobId }) {
  const client = createClient({ url: socketUrl, connectionParams: headers, lazyCloseTimeout: 1000 });
  const all = async (query, variables) => {
    const answers = [];
    for await (const answer of client.iterate({ query, variables })) answers.push(answer);
    return answers;
  };
  const got = {
    viewer: (await all(VIEWER))[0].data,
    created: (await all(CREATE, createVariables("from graphql-ws")))[0].data,
    missing: (await all(MISSING))[0].errors.map((each) => each.extensions.code),
    progress: (await all(PROGRESS, { jobId })).map((each) => each.data.jobProgress.sequence),
    invalid: await all(INVALID).catch((errors) => errors.map((each) => each.extensions.code)),
  };
  await client.dispose();
  return { ...got, refused: await refused(socketUrl) };
}

async function refused(url) {
  const params = { authorization: "Bearer nonsense" };
  const client = createClient({ url, connectionParams: params, retryAttempts: 0 });
  return new Promise((resolve) => {
    client.subscribe({ query: VIEWER }, { next: resolve, error: ({ code }) => resolve(code), complete: () => resolve("completed") });
  });
}
