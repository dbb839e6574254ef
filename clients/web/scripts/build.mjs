// Builds the page (`--out DIR`, else .built/page) or its tests (`--tests`, into .built/test).
import { build } from "esbuild";
import { cp, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = join(dirname(fileURLToPath(import.meta.url)), "..");
const GLYPHS = join(here, "../../resources/glyphs");
const NOTICE = "/* The dashboard of Ostler (MIT OR Apache-2.0), with Preact (MIT, Copyright Jason Miller). */";

/** `import shapes from "glyphs:state-running,…"`: the drawings as data, because a page without inline markup cannot parse them. */
const glyphs = {
  name: "glyphs",
  setup(bundler) {
    bundler.onResolve({ filter: /^glyphs:/ }, ({ path }) => ({ path: path.slice("glyphs:".length), namespace: "glyphs" }));
    bundler.onLoad({ filter: /.*/, namespace: "glyphs" }, async ({ path }) => {
      const drawn = {};
      for (const name of path.split(",")) {
        drawn[name] = shapes(await readFile(join(GLYPHS, `${name}.svg`), "utf8"));
      }
      return { contents: JSON.stringify(drawn), loader: "json" };
    });
  },
};

/** `<path d="…"/>` → `["path", {d: "…"}]`; the glyphs are flat. */
function shapes(svg) {
  const found = [];
  for (const [, tag, attributes] of svg.matchAll(/<(path|circle|rect|line|polyline|polygon|ellipse)\s([^>]*?)\/?>/g)) {
    const read = [...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]);
    found.push([tag, Object.fromEntries(read.filter(([name]) => name !== "id" || true))]);
  }
  return found;
}

const common = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  plugins: [glyphs],
  logLevel: "warning",
};

async function page(out) {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await build({
    ...common,
    entryPoints: { app: "src/main.tsx" },
    outdir: out,
    minify: true,
    target: "es2022",
    legalComments: "none",
    banner: { js: NOTICE },
  });
  await build({ ...common, entryPoints: { app: "src/app.css" }, outdir: out, minify: true, target: "chrome111" });
  await cp(join(here, "src/index.html"), join(out, "index.html"));
  await cp(join(GLYPHS, "app.svg"), join(out, "icon.svg"));
}

async function tests() {
  const out = join(here, ".built/test");
  await rm(out, { recursive: true, force: true });
  const names = (await readdir(join(here, "test"))).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...common,
    entryPoints: names.map((name) => join("test", name)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    platform: "node",
    target: "node18",
    packages: "external",
  });
}

const words = process.argv.slice(2);
if (words.includes("--tests")) {
  await tests();
} else {
  const at = words.indexOf("--out");
  await page(resolve(at < 0 ? join(here, ".built/page") : words[at + 1]));
}
