// Runs every client against one gateway and prints what each of them got, by its name.
// node run.mjs URL TOKEN JOB_ID
import WebSocket from "ws";

globalThis.WebSocket ??= WebSocket; // Node has one of its own from version 22 on

const CLIENTS = ["audits", "graphql_ws", "graphql_sse", "urql", "apollo_http", "apollo_ws", "apollo_multipart", "apollo_batch"];

const [url, token, jobId] = process.argv.slice(2);
const gateway = {
  url: `${url}/graphql`,
  socketUrl: `${url.replace("http", "ws")}/graphql`,
  headers: { authorization: `Bearer ${token}` },
  jobId,
};

async function result(name) {
  const [module, part = "default"] = name.startsWith("apollo_") ? ["apollo", name.slice("apollo_".length)] : [name];
  try {
    return await (await import(`./${module}.mjs`))[part](gateway);
  } catch (error) {
    return { failed: String(error?.stack ?? error) };
  }
}

const results = {};
for (const name of CLIENTS) results[name] = await result(name);
console.log(JSON.stringify(results));
process.exit(0); // clients keep sockets and timers
