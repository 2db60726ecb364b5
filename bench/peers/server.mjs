// One of the peers, as its documentation says to run it fast: node server.mjs NAME DATABASE_URL ORGANIZATION PORT
import { createServer } from "node:http";

import DataLoader from "dataloader";

import { CONNECTIONS, makeRows, typeDefs } from "./rows.mjs";

// PostGraphile takes it for granted; Node.js has it from version 22 on
Promise.withResolvers ??= () => {
  const deferred = {};
  deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
  return deferred;
};

const [name, url, organization, port] = process.argv.slice(2);
const where = { host: "127.0.0.1", port: Number(port) };

const resolversOf = (rows) => ({
  Query: { location: (_, { id }) => rows.location(id), locations: (_, { first }) => rows.locations(first) },
  Location: { chargers: ({ id }, _, context) => context.chargers.load(id) },
  Charger: { evses: ({ id }, _, context) => context.evses.load(id) },
});
const loadersOf = (rows) => ({ chargers: new DataLoader(rows.chargers), evses: new DataLoader(rows.evses) });

const peers = {
  async mercurius() {
    const { default: Fastify } = await import("fastify");
    const { default: mercurius } = await import("mercurius");
    const rows = makeRows(url, organization);
    const app = Fastify();
    const ids = (queries) => queries.map(({ obj }) => obj.id);
    await app.register(mercurius, {
      schema: typeDefs,
      resolvers: { Query: resolversOf(rows).Query },
      loaders: {
        Location: { chargers: (queries) => rows.chargers(ids(queries)) },
        Charger: { evses: (queries) => rows.evses(ids(queries)) },
      },
      jit: 1,
    });
    await app.listen(where);
  },

  async yoga() {
    const { createSchema, createYoga } = await import("graphql-yoga");
    const { useGraphQlJit } = await import("@envelop/graphql-jit");
    const rows = makeRows(url, organization);
    const schema = createSchema({ typeDefs, resolvers: resolversOf(rows) });
    const yoga = createYoga({ schema, context: () => loadersOf(rows), plugins: [useGraphQlJit()], logging: false });
    createServer(yoga).listen(where);
  },

  async apollo() {
    const { ApolloServer } = await import("@apollo/server");
    const { startStandaloneServer } = await import("@apollo/server/standalone");
    const rows = makeRows(url, organization);
    const server = new ApolloServer({ typeDefs, resolvers: resolversOf(rows) });
    await startStandaloneServer(server, { context: async () => loadersOf(rows), listen: where });
  },

  async postgraphile() {
    const { postgraphile } = await import("postgraphile");
    const { PostGraphileAmberPreset } = await import("postgraphile/presets/amber");
    const { makePgService } = await import("postgraphile/adaptors/pg");
    const { grafserv } = await import("postgraphile/grafserv/node");
    const instance = postgraphile({
      extends: [PostGraphileAmberPreset],
      pgServices: [makePgService({ connectionString: url, schemas: ["public"], poolConfig: { max: CONNECTIONS } })],
      schema: { defaultBehavior: "+connection +list +orderBy +condition:attribute:filterBy" },
      grafserv: { watch: false, graphiql: false },
      grafast: { explain: false },
    });
    const served = instance.createServ(grafserv);
    const server = createServer();
    await served.addTo(server);
    server.listen(where);
  },
};

await peers[name]();
