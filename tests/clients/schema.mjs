// Judges a schema: changes that break clients of the public contract, and rules of style.
// node schema.mjs CONTRACT SCHEMA
import { readFileSync } from "node:fs";
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";
import linter from "graphql-schema-linter";

const RULES = [
  "arguments-have-descriptions",
  "deprecations-have-a-reason",
  "enum-values-all-caps",
  "enum-values-have-descriptions",
  "fields-are-camel-cased",
  "fields-have-descriptions",
  "input-object-values-are-camel-cased",
  "input-object-values-have-descriptions",
  "relay-connection-types-spec",
  "relay-page-info-spec",
  "types-are-capitalized",
  "types-have-descriptions",
];

const [contract, schema] = process.argv.slice(2);

async function breakingChanges() {
  const [promised, made] = [contract, schema].map((path) => buildSchema(readFileSync(path, "utf8")));
  const changes = await diff(promised, made);
  return changes.filter((each) => each.criticality.level === CriticalityLevel.Breaking).map((each) => each.message);
}

async function breachesOfStyle() {
  let report = "";
  const collect = { write: (text) => (report += text) };
  await linter.runner.run(collect, process.stdin, collect, ["node", "linter", "--format", "json", "--rules", RULES.join(), schema]);
  return JSON.parse(report).errors.map((each) => `${each.location.line}: ${each.message}`);
}

console.log(JSON.stringify({ breaking: await breakingChanges(), style: await breachesOfStyle() }));
