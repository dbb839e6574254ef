// The whole chain, without any polling: a service tells something → Ostler takes it in → its event stream → this
// dashboard, as a service → its WebSocket → its page in a real browser. Then parts of it are killed.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import puppeteer from "puppeteer-core";

const LIMIT = 60_000;
const FOLDER = fileURLToPath(new URL("..", import.meta.url));
const program = (name, folder) => {
  const folders = folder ? [folder] : (process.env.PATH ?? "").split(delimiter);
  return folders.map((one) => join(one, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
};
const ostler = program("ostler", process.env.OSTLER_BIN_DIR);
const chromium = process.env.CHROMIUM ?? program("chromium") ?? program("google-chrome");

let home;
let env;
let daemon;
let browser;
let page;
let asked = 0;

const cli = (...args) => execFileSync(ostler, args, { env, encoding: "utf8" });
const json = (...args) => JSON.parse(cli(...args, "--json"));
const instance = (service) => json("status").services[service].instances[0];
const port = (service) => Object.values(instance(service).ports)[0];

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function until(what, isIt) {
  const end = Date.now() + LIMIT;
  let seen;
  while (Date.now() < end) {
    seen = await isIt();
    if (seen === true) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`${what}: ${JSON.stringify(seen)}`);
}

/** Tells events at the service. */
async function emit(count) {
  const at = `http://127.0.0.1:${port("upstream")}/emit`;
  for (let left = count; left > 0; left -= 1) await (await fetch(at, { method: "POST" })).text();
}

/** What the page shows of the service, the oldest first: [id at Ostler, id at the service]. */
const shown = () =>
  page.$$eval("#events li[data-source=upstream]", (items) =>
    items.map(({ dataset }) => [dataset.id, dataset.sourceId]).reverse(),
  );

async function untilShown(count) {
  await until(`${count} events on the page`, async () => {
    const all = await shown();
    return all.length >= count || all;
  });
  const all = await shown();
  const expected = Array.from({ length: count }, (_, at) => String(at + 1));
  assert.deepEqual(all.map(([, id]) => id), expected, "each once, in order");
  const [epochs, numbers] = [new Set(), all.map(([id]) => Number(id.split("-")[1]))];
  all.forEach(([id]) => epochs.add(id.split("-")[0]));
  assert.equal(epochs.size, 1);
  assert.ok(numbers.every((number, at) => at === 0 || number > numbers[at - 1]), numbers.join(" "));
}

const connected = () =>
  until("the source is connected", () => {
    const [source] = json("events", "--sources");
    return source?.state === "connected" || source;
  });

before(async () => {
  assert.ok(ostler, "ostler is built: OSTLER_BIN_DIR says where");
  assert.ok(chromium, "chromium is installed");
  home = mkdtempSync(join(tmpdir(), "od-"));
  for (const name of ["config/ostler", "state", "cache", "work"]) mkdirSync(join(home, name), { recursive: true });
  mkdirSync(join(home, "run"), { mode: 0o700 });
  cpSync(join(FOLDER, "test/upstream.mjs"), join(home, "work/upstream.mjs"));
  const node = JSON.stringify(process.execPath);
  const service = (name, script, folder, port, more) => `
[services.${name}]
command = ${node}
args = [${JSON.stringify(script)}]
working_dir = ${JSON.stringify(folder)}
inherit_env = "supervisor"
ports = [${port}]
restart = { policy = "always", delay = "100ms", startup_crash = 0 }
ready = { tcp = "127.0.0.1:\${port}", interval = "50ms" }
${more}`;
  const config = `
[http]
port = ${await freePort()}
[[events.sources]]
name = "upstream"
service = "upstream"
${service("upstream", "upstream.mjs", join(home, "work"), '"auto"', "")}
${service("dashboard", join(FOLDER, "server.mjs"), home, await freePort(), 'env = { SUPERVISOR_EVENTS_URL = "${events_url}" }')}
`;
  writeFileSync(join(home, "config/ostler/ostler.toml"), config);
  env = { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, "config"), XDG_STATE_HOME: join(home, "state") };
  Object.assign(env, { XDG_CACHE_HOME: join(home, "cache"), XDG_RUNTIME_DIR: join(home, "run"), NO_COLOR: "1" });
  for (const name of Object.keys(env)) {
    if (name.startsWith("OSTLER_") || name.startsWith("SUPERVISOR_")) delete env[name];
  }
  daemon = spawn(ostler, ["daemon"], { env, stdio: ["ignore", "inherit", "inherit"] });
  await until("both services run", () => {
    try {
      return ["upstream", "dashboard"].every((name) => instance(name).phase === "running");
    } catch (error) {
      return error.message;
    }
  });
  browser = await puppeteer.launch({
    executablePath: chromium,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    env,
  });
  page = await browser.newPage();
  page.on("request", () => (asked += 1));
  await page.goto(`http://127.0.0.1:${port("dashboard")}/`);
  await page.waitForSelector("#state[data-state=connected]", { timeout: LIMIT });
  await connected();
});

after(async () => {
  await browser?.close();
  if (daemon && daemon.exitCode === null) {
    try {
      cli("shutdown", "--stop");
    } catch {
      daemon.kill("SIGTERM");
    }
    await Promise.race([once(daemon, "exit"), new Promise((resolve) => setTimeout(resolve, 20_000))]);
  }
  if (home) rmSync(home, { recursive: true, force: true });
});

test("what a service tells appears on the page, and nobody asks for it", async () => {
  const before = asked;
  await emit(5);
  await untilShown(5);
  assert.equal(asked, before, "the page asked for nothing more");
});

test("a service that is killed comes back, its events go on, and none is doubled", async () => {
  const { pid, run } = instance("upstream");
  process.kill(pid, "SIGKILL");
  await until("the service runs again", () => instance("upstream").run !== run && instance("upstream").phase === "running");
  await connected();
  const [source] = json("events", "--sources");
  assert.equal(source.reconnects, 1, JSON.stringify(source));
  await emit(5);
  await untilShown(10);
});

test("a dashboard that is restarted goes on where its page was", async () => {
  const { pid, run } = instance("dashboard");
  process.kill(pid, "SIGKILL");
  await emit(3);
  await until("it runs again", () => instance("dashboard").run !== run && instance("dashboard").phase === "running");
  await emit(2);
  await untilShown(15);
});
