import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { after, before, test } from "node:test";
import type { Browser, Page } from "puppeteer-core";
import { config, web } from "./services";
import { World, browse, obstacle, open, picture, shows, textOf, until } from "./world";

const skip = obstacle();

let world: World;
let browser: Browser;

before(async () => {
  if (skip) return;
  world = await World.with(config);
  browser = await browse();
});

after(async () => {
  await browser?.close();
  await world?.close();
});

/** A page that is signed in by a code, as `ostler dashboard` does it. */
async function signedIn(width?: number, height?: number): Promise<{ page: Page; complaints: string[] }> {
  const opened = await open(browser, width, height);
  await opened.page.goto(await world.cli("dashboard", "--print"));
  await shows(opened.page, web("site"), "Running");
  return opened;
}

const pidOf = async (page: Page): Promise<string> => (/pid (\d+)/.exec(await textOf(page, ".detail-title p"))?.[1] ?? "");

test("a code signs in once, and leaves no trace in the address", { skip }, async () => {
  const { page, complaints } = await open(browser);
  const address = await world.cli("dashboard", "--print");
  await page.goto(address);
  await shows(page, ".header h1", "broken failed");
  await shows(page, web("api"), "Running");
  await shows(page, web("migrate"), "Completed");
  await shows(page, web("docs"), "Disabled");
  await shows(page, ".footer", "Engine live");
  assert.ok(!page.url().includes("code"), page.url());
  assert.match(await textOf(page, web("broken")), /Failed.*exit 1/);
  await page.reload();
  await shows(page, web("site"), "Running");
  assert.deepEqual(complaints, []);
  const second = await open(browser);
  await second.page.goto(address);
  await shows(second.page, ".signin", /used already.*ostler dashboard/);
  await picture(second.page, "signin");
});

test("`ostler dashboard` opens the browser with a code of its own", { skip }, async () => {
  const opened = world.path("opened");
  await writeFile(world.path("work/xdg-open"), `#!/bin/sh\nprintf %s "$1" > ${opened}\n`, { mode: 0o755 });
  const said = await world.cliWith({ DISPLAY: ":0", PATH: `${world.path("work")}:${process.env["PATH"] ?? ""}` }, "dashboard");
  assert.equal(said, `Opened ${world.origin}/dashboard/ in your browser.`);
  const { page } = await open(browser);
  await page.goto(await readFile(opened, "utf8"));
  await shows(page, web("site"), "Running");
  const told = JSON.parse(await world.cliWith({ DISPLAY: "", WAYLAND_DISPLAY: "", BROWSER: "" }, "dashboard", "--json")) as Record<string, unknown>;
  assert.deepEqual([told["opened"], told["expires_in_seconds"]], [false, 60]);
});

test("an engine without a token, events or services has a page too", { skip }, async (context) => {
  const bare = (port: number): string => `[http]\nport = ${port}\nauth = "none"\n[events]\nenabled = false\n`;
  const other = await World.with(bare);
  context.after(() => other.close());
  const { page, complaints } = await open(browser);
  await page.goto(await other.cli("dashboard", "--print"));
  await shows(page, ".empty", /No services are defined.*ostler add/);
  await shows(page, ".footer", "asked every 3 s");
  await page.goto(`${other.origin}/dashboard/#/services/web/overview`);
  await shows(page, ".detail", "There is no service web");
  await other.configure(`${bare(other.port)}[services.web]\ncommand = "sleep"\nargs = ["100000"]\n`);
  await other.cli("reload");
  await shows(page, ".detail-title", "web Running");
  await page.goto(`${other.origin}/dashboard/#/events`);
  await shows(page, ".told", "No events are broadcast");
  assert.deepEqual(complaints, []);
});

/** A server of somebody else; tells what it was sent. */
async function stranger(port: number, body: string, kind: string): Promise<{ server: Server; asked: IncomingMessage[]; port: number }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    response.setHeader("Content-Type", kind).end(body);
  });
  await until("the port is free", () => new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  }));
  const address = server.address();
  return { server, asked, port: address !== null && typeof address === "object" ? address.port : 0 };
}

test("somebody else at the port is not told the key", { skip }, async (context) => {
  const other = await World.with((port) => `[http]\nport = ${port}\n`);
  context.after(() => other.close());
  const { page } = await open(browser);
  await page.goto(await other.cli("dashboard", "--print"));
  await shows(page, ".empty", "No services are defined");
  await shows(page, ".footer", "Engine live");
  // Without services nobody starts it again.
  await other.kill();
  const { server, asked } = await stranger(other.port, '{"proof":"00"}', "application/json");
  context.after(() => server.close());
  await shows(page, ".signin .why", "does not know the key");
  assert.ok(asked.some(({ url }) => url === "/dashboard/proof"));
  assert.ok(asked.every(({ headers }) => headers.authorization === undefined), "no key, no token");
});

test("a page of another site can neither read, nor frame, nor link to it", { skip }, async (context) => {
  const { server, port } = await stranger(0, `<!doctype html><iframe src="${world.origin}/dashboard/"></iframe><a href="${world.origin}/dashboard/">x</a>`, "text/html");
  context.after(() => server.close());
  const { page } = await open(browser);
  await page.goto(`http://127.0.0.1:${port}/`);
  const read = await page.evaluate(async (origin) => await fetch(`${origin}/dashboard/app.js`).then((answer) => answer.text(), () => "refused"), world.origin);
  assert.equal(read, "refused");
  const framed = page.frames().find((frame) => frame !== page.mainFrame());
  assert.ok(!(await framed?.content().catch(() => ""))?.includes("app.js"), "nothing of it is framed");
  await Promise.all([page.waitForNavigation(), page.click("a")]);
  assert.match(await page.content(), /pages of other sites may not ask/);
});

test("without a code the page says how to sign in, and takes the token", { skip }, async () => {
  const { page, complaints } = await open(browser);
  await page.goto(`${world.origin}/dashboard`);
  await shows(page, ".signin", "ostler dashboard");
  await page.type("input[type=password]", "0123456789abcdef0123");
  await page.keyboard.press("Enter");
  await shows(page, ".signin .why", "This is not the token");
  await page.$eval("input[type=password]", (input) => input.select());
  await page.type("input[type=password]", await world.cli("token"));
  await page.keyboard.press("Enter");
  await shows(page, web("site"), "Running");
  assert.deepEqual(complaints, []);
});

test("a restart gives a new process, and its log is read as it is written", { skip }, async () => {
  const { page, complaints } = await signedIn();
  await page.click(`${web("api")} .name`);
  await shows(page, ".detail-title", "api Running");
  const before = await until("the process is shown", () => pidOf(page));
  await page.click("#tab-logs");
  await shows(page, ".lines", /line \d+ of the api/);
  const count = async (): Promise<number> => Number(/.*line (\d+) of the api/.exec(await textOf(page, ".lines"))?.[1] ?? 0);
  const seen = await count();
  await until("the log grows", async () => (await count()) > seen + 2);
  const isAtEnd = await page.$eval(".lines", (lines) => lines.scrollHeight - lines.scrollTop - lines.clientHeight < 20);
  assert.ok(isAtEnd, "it follows");
  assert.match(await textOf(page, ".line.warn"), /warn.*disk is nearly full/);
  await picture(page, "logs");
  const [restart] = await page.$$(".detail-actions button");
  await restart?.click();
  const fresh = await until("another process", async () => {
    const pid = await pidOf(page);
    return pid === before ? "" : pid;
  });
  await shows(page, ".lines", `started, pid ${fresh}`);
  await shows(page, ".detail-title", "api Running");
  assert.ok((await world.cli("status", "--json")).includes(fresh));
  assert.deepEqual(complaints, []);
});

test("work in progress is said while it lasts", { skip }, async () => {
  const { page } = await signedIn();
  await page.focus(web("slow"));
  await page.keyboard.press("r");
  await shows(page, ".banner.busy", "Restarting slow…");
  await shows(page, web("slow"), "Stopping");
  await shows(page, web("slow"), "Running");
  await until("it is over", async () => (await page.$(".banner")) === null);
  await page.click(".restart-all");
  await shows(page, "dialog", "Restart all 7 services?");
  await page.click("dialog .primary");
  await shows(page, ".banner.busy", /Restarting/);
  await picture(page, "restarting");
  await until("it is over", async () => (await page.$(".banner")) === null);
});

test("a log that one reads stands still, and goes on at its end", { skip }, async () => {
  const { page } = await signedIn(1280, 420);
  await page.goto(`${world.origin}/dashboard/#/services/api/logs`);
  await until("it can be scrolled", () => page.$eval(".lines", (lines) => lines.scrollHeight > lines.clientHeight + 60));
  await until("it is paused", async () => {
    await page.$eval(".lines", (lines) => { lines.scrollTop = 10; });
    return (await textOf(page, ".strip")).includes("Paused at");
  });
  const at = await page.$eval(".lines", (lines) => lines.scrollTop);
  await shows(page, ".strip", /[1-9]\d* new lines?/);
  assert.equal(await page.$eval(".lines", (lines) => lines.scrollTop), at);
  await page.focus(".lines");
  await page.keyboard.press("End");
  await until("it follows again", async () => (await page.$(".strip")) === null);
  await page.type(".logs input", "nearly full");
  await until("only what matches is shown", () => page.$$eval(".line", (lines) => lines.length > 0 && lines.every((line) => line.querySelector("mark"))));
});

test("the page outlives the engine, without another sign-in and without a wrong state", { skip }, async () => {
  const { page, complaints } = await signedIn();
  await page.goto(`${world.origin}/dashboard/#/services/site/overview`);
  const pid = await until("the process is shown", () => pidOf(page));
  await world.kill();
  await shows(page, ".banner.lost", "Engine does not answer");
  await shows(page, web("site"), /Unknown.*was Running/);
  await shows(page, ".footer", "Stale since");
  const isOff = await page.$$eval(".detail-actions button:not(.close)", (buttons) => buttons.every((button) => (button as HTMLButtonElement).disabled));
  assert.ok(isOff, "buttons are off");
  await picture(page, "stale");
  await world.start();
  await shows(page, ".footer", "Engine live");
  await shows(page, web("site"), /Running/);
  await shows(page, web("broken"), /Failed/);
  assert.equal(await until("the process is shown", () => pidOf(page)), pid, "the same run");
  assert.equal(await page.$(".banner.lost"), null);
  await page.click('nav a[href="#/events"]');
  await shows(page, ".told", "the engine was started again");
  await world.cli("restart", "site");
  await shows(page, ".told", /site\/0: Starting → Running/);
  await picture(page, "events");
  assert.deepEqual(complaints, []);
});

test("a page that nobody sees lets go of its stream, and goes on when it is seen", { skip }, async () => {
  const { page } = await open(browser);
  await page.evaluateOnNewDocument(() => {
    let isHidden = false;
    Object.defineProperty(document, "hidden", { get: () => isHidden });
    Object.assign(window, { hide: (is: boolean) => { isHidden = is; document.dispatchEvent(new Event("visibilitychange")); } });
    const wait = window.setTimeout;
    // What takes half a minute takes a moment.
    Object.assign(window, { setTimeout: (then: () => void, time: number) => wait(then, time === 30_000 ? 50 : time) });
  });
  await page.goto(await world.cli("dashboard", "--print"));
  await shows(page, ".footer", "Engine live");
  await page.evaluate("hide(true)");
  await shows(page, ".footer", "Resting");
  await world.cli("restart", "docs");
  await page.evaluate("hide(false)");
  await shows(page, ".footer", "Engine live");
  await shows(page, web("docs"), "Running");
  await world.cli("stop", "docs");
  await shows(page, web("docs"), /Stopped|Disabled/);
});

test("another token signs this browser out", { skip }, async () => {
  const { page } = await signedIn();
  await world.cli("token", "--rotate");
  await page.reload();
  await shows(page, ".signin .why", "does not know the key");
  await page.goto(await world.cli("dashboard", "--print"));
  await shows(page, web("site"), "Running");
});

test("the mode is switched, and what is refused says why", { skip }, async () => {
  const { page } = await signedIn();
  await page.select(".header .mode select", "advanced");
  await shows(page, ".banner.busy", /advanced/);
  await picture(page, "banner");
  await until("the mode is another", async () => (await world.cli("mode")).includes("advanced"));
  await until("the page shows it", () => page.$eval(".header .mode select", (select) => select.value === "advanced"));
  await page.select(".header .mode select", "default");
  await until("it is back", () => page.$eval(".header .mode select", (select) => select.value === "default"));
  await world.configure(config(world.port).replace(', "set_mode"', ""));
  await world.cli("reload");
  await page.select(".header .mode select", "advanced");
  await shows(page, ".banner.fail", /not allowed over the network.*allowed_commands/);
  assert.equal(await page.$eval(".header .mode select", (select) => select.value), "default", "what is, is shown");
  await picture(page, "refused");
  await world.configure(config(world.port));
  await world.cli("reload");
});

test("all of it can be done with the keyboard", { skip }, async () => {
  const { page } = await signedIn();
  await page.keyboard.press("/");
  await page.keyboard.type("docs");
  await until("only one is left", () => page.$$eval("[data-service]", (rows) => rows.length === 1));
  await page.keyboard.press("Escape");
  await until("all are back", () => page.$$eval("[data-service]", (rows) => rows.length === 7));
  await page.keyboard.press("ArrowDown");
  const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.getAttribute("data-service") ?? document.activeElement?.textContent ?? "");
  assert.equal(await focused(), "api");
  await page.keyboard.press("End");
  assert.equal(await focused(), "docs");
  await page.keyboard.press("s");
  await shows(page, web("docs"), "Running");
  await page.keyboard.press("s");
  await shows(page, web("docs"), /Stopped|Disabled/);
  await page.keyboard.press("F8");
  assert.equal(await focused(), "broken");
  const hasRing = await page.$eval(web("broken"), (row) => getComputedStyle(row).outlineStyle === "solid");
  assert.ok(hasRing, "the focus is seen");
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowLeft");
  await until("the group is folded", () => page.$$eval("[data-service]", (rows) => !rows.some((row) => row.getAttribute("data-service") === "api")));
  await page.keyboard.press("ArrowRight");
  await until("and unfolded", () => page.$(web("api")));
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("l");
  await shows(page, ".lines", "of the api");
  await page.keyboard.press("Escape");
  await until("the log is closed", async () => (await page.$(".detail")) === null && (await focused()) === "api");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  assert.match(await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? ""), /api/);
  await page.focus(web("db"));
  await page.keyboard.press("s");
  await shows(page, "dialog", /Stop db\?.*api.*Cancel/);
  await until("what cannot be undone is not the first choice", async () => (await focused()) === "Cancel");
  await page.keyboard.press("Escape");
  await until("nothing was stopped", async () => (await page.$("dialog")) === null);
  assert.match(await textOf(page, web("db")), /Running/);
  await page.keyboard.press("?");
  await shows(page, "dialog", "Keyboard");
});
