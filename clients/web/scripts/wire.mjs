// Writes src/wire.ts from the JSON Schemas of the wire in resources/schema; `--check` only compares.
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = join(dirname(fileURLToPath(import.meta.url)), "..");
const FILE = join(here, "src/wire.ts");
/** The schemas that the page reads, with the names of their own type. */
const SOURCES = { "snapshot.json": "Snapshot", "error.json": "ApiError", "notification.log.json": "LogNotification" };

const types = new Map();

function type(schema) {
  if (schema === true) return "unknown";
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const several = schema.oneOf ?? schema.anyOf;
  if (several) return several.map(type).join(" | ");
  if (schema.allOf) return schema.allOf.map(type).join(" & ");
  if (Array.isArray(schema.type)) return schema.type.map((one) => type({ ...schema, type: one })).join(" | ");
  switch (schema.type) {
    case "string": return "string";
    case "integer":
    case "number": return "number";
    case "boolean": return "boolean";
    case "null": return "null";
    case "array": return `${wrapped(type(schema.items ?? true))}[]`;
    case "object": return object(schema);
    default: return "unknown";
  }
}

const wrapped = (text) => (text.includes("|") ? `(${text})` : text);

function object(schema) {
  if (!schema.properties) {
    const of = schema.additionalProperties;
    return `{ [name: string]: ${of ? type(of) : "unknown"} }`;
  }
  const needed = new Set(schema.required ?? []);
  const members = Object.entries(schema.properties).map(([name, member]) => {
    const about = member.description ? `  /** ${member.description.replace(/\s+/g, " ")} */\n` : "";
    return `${about}  ${name}${needed.has(name) ? "" : "?"}: ${type(member)};\n`;
  });
  return `{\n${members.join("")}}`;
}

function keep(name, schema) {
  const about = schema.description ? `/** ${schema.description.replace(/\s+/g, " ")} */\n` : "";
  types.set(name, `${about}export type ${name} = ${type(schema)};\n`);
}

for (const [file, name] of Object.entries(SOURCES)) {
  const schema = JSON.parse(await readFile(join(here, "../../resources/schema", file), "utf8"));
  for (const [inner, its] of Object.entries(schema.$defs ?? {})) keep(inner, its);
  keep(name, schema);
}
const sorted = [...types].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, text]) => text);
const text = `// Made by scripts/wire.mjs from resources/schema. Do not edit.\n\n${sorted.join("\n")}`;
if (process.argv.includes("--check")) {
  if ((await readFile(FILE, "utf8").catch(() => "")) !== text) {
    console.error("src/wire.ts is not what the schemas say: node clients/web/scripts/wire.mjs");
    process.exit(1);
  }
} else {
  await writeFile(FILE, text);
}
