/** A real engine with real services in a home of its own, and a real browser before it. */
import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import puppeteer from "puppeteer-core";
import type { Browser, Page } from "puppeteer-core";

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** Whatever is waited for must be so by then. */
export const LIMIT = 30_000;
/** Between two looks. */
const LOOK = 30;

/** What is missing on this machine, if anything is. */
export function obstacle(): string | false {
  if (!process.env["OSTLER_BIN_DIR"]) return "OSTLER_BIN_DIR does not say where the programs are";
  if (!existsSync(join(process.env["OSTLER_BIN_DIR"], "ostler"))) return "ostler is not built";
  return BROWSERS.some((path) => existsSync(path)) ? false : "there is no Chromium";
}

/** Waits until something is so; what is not so in time is said. */
export async function until<T>(what: string, look: () => T | Promise<T>): Promise<NonNullable<T>> {
  const end = Date.now() + LIMIT;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`not in time: ${what}${last === undefined ? "" : ` (${String(last)})`}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** An engine and its home. */
export class World {
  #closed = false;

  private constructor(
    readonly dir: string,
    readonly port: number,
  ) {}

  static async with(config: (port: number) => string): Promise<World> {
    const world = new World(await mkdtemp(join(tmpdir(), "ostler-web-")), await freePort());
    for (const name of ["home", "config/ostler", "state", "run", "work"]) {
      await mkdir(join(world.dir, name), { recursive: true, mode: 0o700 });
    }
    await world.configure(config(world.port));
    await world.start();
    return world;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  async configure(text: string): Promise<void> {
    await writeFile(this.path("config/ostler/ostler.toml"), text);
  }

  get #environment(): NodeJS.ProcessEnv {
    const kept = Object.entries(process.env).filter(([name]) => !/^(OSTLER_|SUPERVISOR_|XDG_|RUST_LOG)/.test(name));
    return {
      ...Object.fromEntries(kept),
      HOME: this.path("home"), XDG_CONFIG_HOME: this.path("config"), XDG_STATE_HOME: this.path("state"),
      XDG_RUNTIME_DIR: this.path("run"), NO_COLOR: "1", DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${this.path("no-bus")}`,
      SHELL: "/bin/sh",
    };
  }

  #program(): string {
    return join(process.env["OSTLER_BIN_DIR"] ?? "", "ostler");
  }

  /** Starts the engine and waits until it answers. */
  async start(): Promise<void> {
    spawn(this.#program(), ["daemon"], { env: this.#environment, cwd: this.path("work"), stdio: "ignore", detached: true }).unref();
    await this.answers();
  }

  async answers(): Promise<void> {
    await until("the engine answers over HTTP", async () => (await fetch(`${this.origin}/healthz`)).ok);
  }

  /** Runs the CLI to its end. */
  async cli(...args: string[]): Promise<string> {
    return await this.cliWith({}, ...args);
  }

  /** The same with other variables. */
  async cliWith(variables: Record<string, string>, ...args: string[]): Promise<string> {
    const env = { ...this.#environment, ...variables };
    return (await promisify(execFile)(this.#program(), args, { env, cwd: this.path("work") })).stdout.trim();
  }

  /** The process of the engine that answers now. */
  async enginePid(): Promise<number> {
    const status = JSON.parse(await this.cli("status", "--json")) as { supervisor: { pid: number } };
    return status.supervisor.pid;
  }

  /** Ends the engine as a crash does. */
  async kill(): Promise<void> {
    const pid = await this.enginePid();
    process.kill(pid, "SIGKILL");
    await until("the engine is gone", () => !existsSync(`/proc/${pid}`) || isZombie(pid));
  }

  /** Ends everything that was started here. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.cli("shutdown", "--stop").catch(() => undefined);
    await until("nothing of this home lives", async () => {
      const left = await this.#left();
      for (const pid of left) tryKill(pid);
      return left.length === 0;
    });
    await rm(this.dir, { recursive: true, force: true });
  }

  /** The processes of this home: engines, keepers and runs. */
  async #left(): Promise<number[]> {
    const found: number[] = [];
    for (const name of await readdir("/proc")) {
      if (!/^\d+$/.test(name) || isZombie(Number(name))) continue;
      const [cwd, environment] = await Promise.all([
        readlink(`/proc/${name}/cwd`).catch(() => ""),
        readFile(`/proc/${name}/environ`, "utf8").catch(() => ""),
      ]);
      if (Number(name) !== process.pid && (cwd.startsWith(this.dir) || environment.includes(this.dir))) found.push(Number(name));
    }
    return found;
  }
}

function isZombie(pid: number): boolean {
  try {
    // The third word behind the name in brackets.
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It was quicker.
  }
}

/** A browser without a window. */
export async function browse(): Promise<Browser> {
  const executablePath = BROWSERS.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error("there is no Chromium");
  return await puppeteer.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--lang=en"],
    env: { ...process.env, HOME: await mkdtemp(join(tmpdir(), "ostler-browser-")) },
  });
}

/** A page that fails the test when the browser complains of it. */
export async function open(browser: Browser, width = 1280, height = 800): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width, height });
  await instead(page);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // What the network says of an engine that is away is no defect of the page.
    if (message.type() === "error" && !/ERR_CONNECTION|Failed to load resource|ERR_INCOMPLETE|ERR_EMPTY/.test(message.text())) complaints.push(message.text());
  });
  return { page, complaints };
}

/** While one works on the page: `OSTLER_PAGE_DIR` is shown instead of what the program was built with. */
async function instead(page: Page): Promise<void> {
  const dir = process.env["OSTLER_PAGE_DIR"];
  if (!dir) return;
  const kinds: Record<string, string> = { "": "text/html", "app.js": "text/javascript", "app.css": "text/css" };
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const name = new URL(request.url()).pathname.replace(/^\/dashboard\//, "");
    const contentType = kinds[name];
    const referer = request.headers()["referer"];
    const isOwn = referer === undefined || referer.startsWith(new URL(request.url()).origin);
    if (contentType === undefined || !isOwn) void request.continue();
    else void readFile(join(dir, name || "index.html")).then((body) => request.respond({ body, contentType }));
  });
}

/** The text of whatever the selector finds, or nothing. */
export async function textOf(page: Page, selector: string): Promise<string> {
  return await page.evaluate((selector) => document.querySelector(selector)?.textContent?.replace(/\s+/g, " ").trim() ?? "", selector);
}

/** Waits until a text is there. */
export async function shows(page: Page, selector: string, wanted: RegExp | string): Promise<string> {
  let last = "";
  try {
    return await until(`${selector} shows ${String(wanted)}`, async () => {
      last = await textOf(page, selector);
      const is = typeof wanted === "string" ? last.includes(wanted) : wanted.test(last);
      return is ? last || " " : undefined;
    });
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}; it shows ${JSON.stringify(last)}`);
  }
}

/** Keeps a picture where the step looks for them. */
export async function picture(page: Page, name: string): Promise<void> {
  const dir = process.env["OSTLER_SCREENSHOTS"];
  if (!dir) return;
  await mkdir(dir, { recursive: true });
  await page.screenshot({ path: join(dir, `${name}.png`) as `${string}.png` });
}
