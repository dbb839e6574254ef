import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import type { Browser, Page } from "puppeteer-core";
import { config, web } from "./services";
import { World, browse, obstacle, open, picture, shows } from "./world";

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

type Scheme = readonly (readonly [string, readonly { name: string; value: string }[], number, number])[];

/** Looks of the page: the name, what the system prefers, and the size. */
const LOOKS: Scheme = [
  ["light", [{ name: "prefers-color-scheme", value: "light" }], 1280, 800],
  ["dark", [{ name: "prefers-color-scheme", value: "dark" }], 1280, 800],
  ["contrast", [{ name: "prefers-contrast", value: "more" }], 1280, 800],
  ["narrow", [{ name: "prefers-color-scheme", value: "light" }], 640, 480],
  ["phone", [{ name: "prefers-color-scheme", value: "dark" }], 390, 780],
];

const axe = skip ? "" : await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function check(page: Page, where: string): Promise<void> {
  const violations = await page.evaluate(async (source) => {
    // In a world of its own: the page's policy lets no such text run in its own.
    const run = (globalThis as { axe?: unknown }).axe;
    if (!run) throw new Error(`axe is missing ${source.length}`);
    const { violations } = await (run as { run: (context: Document, options: unknown) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }> })
      .run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.failureSummary ?? ""}`).join(" | ")}`);
  }, axe);
  assert.deepEqual(violations, [], where);
}

for (const [name, features, width, height] of LOOKS) {
  test(`everybody can use it: ${name}`, { skip }, async () => {
    const { page } = await open(browser, width, height);
    await page.setBypassCSP(true);
    await page.evaluateOnNewDocument(axe);
    const session = await page.createCDPSession();
    await session.send("Emulation.setEmulatedMedia", { features: [...features, { name: "prefers-reduced-motion", value: "reduce" }] });
    await page.goto(`${world.origin}/dashboard/`);
    await shows(page, ".signin", "Sign in");
    await check(page, "sign-in");
    // In the tab that shows the sign-in page.
    await page.goto(await world.cli("dashboard", "--print"));
    await shows(page, web("site"), "Running");
    await check(page, "services");
    await picture(page, `services-${name}`);
    await page.goto(`${world.origin}/dashboard/#/services/broken/overview`);
    await shows(page, ".history", "Failed");
    await check(page, "overview");
    await picture(page, `overview-${name}`);
    await page.goto(`${world.origin}/dashboard/#/services/api/logs`);
    await shows(page, ".lines", "of the api");
    await check(page, "logs");
    await picture(page, `logs-${name}`);
    await page.goto(`${world.origin}/dashboard/#/events`);
    await shows(page, ".told", "service_changed");
    await check(page, "events");
    await picture(page, `events-${name}`);
    await page.keyboard.press("?");
    await shows(page, "dialog", "Keyboard");
    await check(page, "help");
    await picture(page, `help-${name}`);
    const isWide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    assert.ok(!isWide, "nothing is cut off at the side");
  });
}
