// Drives the pages in headless Chromium that can't resolve any name, and prints what it saw.
// node browser.mjs CHROMIUM URL TOKEN CPO_ID SCREENSHOTS
import { join } from "node:path";
import { chromium } from "playwright-core";

const SITES = 200; // enough for a job that is still at work when it is watched, on a machine with nothing else to do
const [executablePath, url, token, cpoId, screenshots] = process.argv.slice(2);

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
});
const page = await browser.newPage({ colorScheme: "dark", viewport: { width: 1360, height: 850 } });
page.setDefaultTimeout(60_000);

const problems = [];
page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
page.on("pageerror", (error) => problems.push(error.message));
page.on("request", (request) => /^(data|blob):/.test(request.url()) || request.url().startsWith(url) || problems.push(request.url()));
const frames = [];
page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => frames.push(JSON.parse(payload))));

const shoot = (name) => page.screenshot({ path: join(screenshots, `${name}.png`) });

async function landing() {
  await page.goto(url);
  await shoot("landing");
  const links = await page.locator("a[href]").evaluateAll((all) => [...new Set(all.map((each) => each.getAttribute("href")))]);
  return { title: await page.title(), links: links.sort() };
}

async function openGraphiQL() {
  await page.goto(`${url}/graphql`);
  await page.locator("#token").fill(token);
  return { path: new URL(page.url()).pathname, who: (await page.locator("#who").textContent()).split(" · ")[0] };
}

// GraphiQL reads the name of the operation a moment after the tab has changed, and sends the former tab's until then.
async function openTab(name) {
  await page.locator(".graphiql-tab-button", { hasText: new RegExp(`^${name}$`) }).click();
  await page.waitForFunction((tab) => document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.operationName === tab, name);
}

const readAnswer = () => page.locator(".result-window .CodeMirror").evaluate((each) => each.CodeMirror.getValue());
const execute = () => page.locator(".graphiql-execute-button").click();

async function run(tab) {
  await openTab(tab);
  const [response] = await Promise.all([page.waitForResponse(`${url}/graphql`), execute()]);
  await page.waitForFunction((text) => document.querySelector(".result-window").textContent.includes(text), "data");
  await shoot(tab);
  return { status: response.status(), answer: JSON.parse(await readAnswer()) };
}

async function explore() {
  await page.getByRole("button", { name: "Show GraphiQL Explorer" }).click();
  const fields = page.locator(".graphiql-explorer-root .graphiql-explorer-field-view");
  await fields.first().waitFor();
  await shoot("explorer");
  const names = await fields.allTextContents();
  await page.getByRole("button", { name: "Hide GraphiQL Explorer" }).click();
  return names.length;
}

async function startJob(sites) {
  const coordinates = { latitude: 48.85, longitude: 2.35 };
  const location = { name: "Site", address: "1 rue A", city: "Paris", country: "FR", coordinates };
  const query = "mutation ($input: BulkCreateOcpiLocationsInput!) { bulkCreateOcpiLocations(input: $input) { job { id } } }";
  const variables = { input: { cpoId, locations: Array.from({ length: sites }, () => ({ location })) } };
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()).data.bulkCreateOcpiLocations.job.id;
}

// A job that was over before it was watched is followed by one of twice the size.
async function watchJob(sites = SITES) {
  await openTab("WatchJob");
  await page.locator(".graphiql-editor-tool .CodeMirror").first().click();
  await page.keyboard.press("Control+a");
  frames.length = 0;
  await page.keyboard.insertText(JSON.stringify({ jobId: await startJob(sites) }));
  await execute();
  await page.waitForFunction(() => document.querySelector(".result-window").textContent.includes('"READY"'));
  await shoot("WatchJob");
  const events = frames.filter((each) => each.type === "next").map((each) => each.payload.data.jobProgress);
  const isLive = events.filter((each) => each.job.status === "PROVISIONING").length > 1;
  if (!isLive && sites < 5_000) return watchJob(sites * 2);
  return { sites, events, answer: JSON.parse(await readAnswer()) };
}

async function storedToken() {
  return page.evaluate((secret) => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]).includes(secret), token);
}

async function documentation() {
  await page.goto(`${url}/docs`);
  await page.locator(".opblock").first().waitFor();
  await shoot("docs");
  const operations = await page.locator(".opblock").count();
  await page.locator("#operations-health-health_check .opblock-summary-control").click();
  await page.getByRole("button", { name: "Try it out" }).click();
  await page.getByRole("button", { name: "Execute" }).click();
  const status = await page.locator(".live-responses-table .response-col_status").last().textContent();
  await shoot("docs-health");
  return { operations, status: status.trim() };
}

async function see() {
  const seen = { landing: await landing(), graphiql: await openGraphiQL() };
  seen.query = await run("Sites");
  seen.explored = await explore();
  seen.mutation = await run("CreateSite");
  seen.job = await watchJob();
  seen.isTokenStored = await storedToken();
  seen.documentation = await documentation();
  return { ...seen, problems };
}

try {
  console.log(JSON.stringify(await see()));
} catch (error) {
  await shoot("failed");
  console.error(problems);
  throw error;
} finally {
  await browser.close();
}
