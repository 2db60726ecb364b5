// @apollo/client over each of its links; its multipart subscriptions go through the HTTP link.
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { BatchHttpLink } from "@apollo/client/link/batch-http";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import { CREATE, createVariables, INVALID, MISSING, PROGRESS, VIEWER } from "./operations.mjs";

const clientOf = (link) => new ApolloClient({ link, cache: new InMemoryCache(), defaultOptions: { query: { fetchPolicy: "no-cache" } } });
const plain = (value) => JSON.parse(JSON.stringify(value, (key, each) => (key === "__typename" ? undefined : each)));
const codes = (error) => error.errors.map((each) => each.extensions.code);

async function operations(client, name) {
  return {
    viewer: plain((await client.query({ query: gql(VIEWER) })).data),
    created: plain((await client.mutate({ mutation: gql(CREATE), variables: createVariables(name) })).data),
    missing: await client.mutate({ mutation: gql(MISSING) }).catch(codes),
    invalid: await client.query({ query: gql(INVALID) }).catch(codes),
  };
}

function progress(client, jobId) {
  const seen = [];
  return new Promise((resolve, reject) => {
    client.subscribe({ query: gql(PROGRESS), variables: { jobId }, fetchPolicy: "no-cache" }).subscribe({
      next: ({ data, error }) => (error ? reject(error) : seen.push(data.jobProgress.sequence)),
      error: reject,
      complete: () => resolve(seen),
    });
  });
}

export const http = ({ url, headers }) => operations(clientOf(new HttpLink({ uri: url, headers })), "from Apollo over HTTP");

export async function ws({ socketUrl, headers, jobId }) {
  const client = clientOf(
    new GraphQLWsLink(createClient({ url: socketUrl, connectionParams: headers, lazyCloseTimeout: 1000 })),
  );
  return { ...(await operations(client, "from Apollo over WebSocket")), progress: await progress(client, jobId) };
}

export const multipart = async ({ url, headers, jobId }) => ({
  progress: await progress(clientOf(new HttpLink({ uri: url, headers })), jobId),
});

export async function batch({ url, headers }) {
  const requests = [];
  const counted = (...given) => requests.push(JSON.parse(given[1].body).length) && fetch(...given);
  const client = clientOf(new BatchHttpLink({ uri: url, headers, fetch: counted, batchInterval: 20 }));
  const queries = [1, 2, 3].map((each) => gql(`query Viewer${each} { viewer { role } }`));
  const answers = await Promise.all(queries.map((query) => client.query({ query })));
  return { answers: answers.map(({ data }) => plain(data)), requests };
}
