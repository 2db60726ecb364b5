// GraphiQL with its explorer, the token of the bar on HTTP and WebSocket, and tabs to begin with.
"use strict";

const tokenField = document.getElementById("token");
const organizationField = document.getElementById("organization");
const who = document.getElementById("who");

// The token lives in its field and nowhere else: a stored one would outlast the page and be any script's to read.
function credentials() {
  const token = tokenField.value.trim().replace(/^bearer\s+/i, "");
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  return organizationField.hidden ? headers : { ...headers, "x-organization-id": organizationField.value.trim() };
}

function claims() {
  try {
    const payload = tokenField.value.trim().split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(atob(payload));
  } catch {
    return null;
  }
}

function describeToken() {
  const found = claims();
  const isAdmin = found?.role === "admin";
  organizationField.hidden = organizationField.labels[0].hidden = !isAdmin;
  if (!tokenField.value.trim()) who.value = ".venv/bin/python app.py token prints one";
  else if (!found) who.value = "this is not a token";
  else if (found.exp * 1000 < Date.now()) who.value = "this token has expired";
  else who.value = `${found.role} · until ${new Date(found.exp * 1000).toLocaleDateString()}`;
}
tokenField.addEventListener("input", describeToken);
describeToken();

const httpUrl = new URL("graphql", document.baseURI);
const socketUrl = new URL(httpUrl);
socketUrl.protocol = httpUrl.protocol.replace("http", "ws");

// What stands in GraphiQL's own headers editor wins over the bar.
function send(url, options) {
  const headers = new Headers(credentials());
  new Headers(options.headers).forEach((value, name) => headers.set(name, value));
  return fetch(url, { ...options, headers });
}

// A socket for each subscription, so that each begins with the token of its time. A refused token is told at once.
const REFUSED = 4403;
const socketClient = {
  subscribe: (payload, sink) =>
    window.graphqlWs
      .createClient({
        url: socketUrl.href,
        connectionParams: credentials,
        shouldRetry: (event) => event?.code !== undefined && event.code !== REFUSED,
      })
      .subscribe(payload, sink),
};

const TABS = [
  {
    query: `# Put your token into the field above, then Ctrl-Enter.
# The other tabs make a site, make a whole network,
# and watch the job that builds it.
query Sites {
  viewer { subject role organizationId }
  locations(first: 10) {
    totalCount
    nodes {
      id
      name
      city
      coordinates { latitude longitude }
      chargers(first: 5) {
        nodes { identity runtime { status connected } }
      }
    }
  }
}
`,
  },
  {
    query: `mutation CreateSite($input: CreateLocationInput!) {
  createLocation(input: $input) {
    location { id slug name createdAt }
  }
}
`,
    variables: JSON.stringify(
      {
        input: {
          name: "Aire de Beaune",
          address: "A6, aire de Beaune-Merceuil",
          city: "Beaune",
          country: "FR",
          coordinates: { latitude: 46.9876, longitude: 4.8321 },
          timezone: "Europe/Paris",
        },
      },
      null,
      2,
    ),
  },
  {
    query: `# Three motorway sites with two fast chargers each.
# ttlSeconds: null keeps the network; left out, it ends
# after an hour. The next tab watches the job: copy its id there.
mutation CreateNetwork($input: CreateCpoInput!) {
  createCpo(input: $input) {
    cpo { id ocpiPeerUrl }
    job { id }
  }
}
`,
    variables: JSON.stringify(
      { input: { template: "highway-dc", countryCode: "FR", partyId: "ABC", namePrefix: "DEMO-", ttlSeconds: null } },
      null,
      2,
    ),
  },
  {
    query: `# The job now, then each change to its end.
subscription WatchJob($jobId: ID!) {
  jobProgress(jobId: $jobId) {
    sequence
    job {
      status
      progress { total succeeded failed percent }
    }
    item { index name status }
  }
}
`,
    variables: JSON.stringify({ jobId: "" }, null, 2),
  },
];

// A link may bring a document: /graphiql?query=…&variables=…
const parameters = new URLSearchParams(window.location.search);
const shared = parameters.has("query")
  ? { query: parameters.get("query"), variables: parameters.get("variables") ?? undefined }
  : {};

window.ReactDOM.createRoot(document.getElementById("graphiql")).render(
  window.React.createElement(
    window.GraphiQL,
    {
      fetcher: window.GraphiQL.createFetcher({
        url: httpUrl.href,
        fetch: send,
        wsClient: socketClient,
        enableIncrementalDelivery: false,
      }),
      plugins: [window.GraphiQLPluginExplorer.explorerPlugin()],
      defaultTabs: TABS,
      defaultEditorToolsVisibility: "variables",
      shouldPersistHeaders: false,
      inputValueDeprecation: true,
      ...shared,
    },
    window.React.createElement(window.GraphiQL.Logo, null, "GraphiQL"),
  ),
);
