// Bundles what the pages need into dist/: app.js (htmx and our script), app.css (the parts of Tabler
// in use and our own styles) and icons.svg (a sprite). Each file also gets its gzip and brotli form,
// so that serving one costs no processor. It reads nothing outside this folder.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import esbuild from "esbuild";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");

function styles() {
  const { css } = sass.compile(join(here, "src", "app.scss"), {
    loadPaths: [join(here, "node_modules")],
    quietDeps: true,
    importers: [
      {
        findFileUrl: (url) =>
          url.startsWith("tabler/")
            ? pathToFileURL(join(here, "node_modules/@tabler/core/scss", url.slice(7)))
            : null,
      },
    ],
  });
  return esbuild.transformSync(css, { loader: "css", minify: true, legalComments: "none" }).code;
}

function script(name) {
  const result = esbuild.buildSync({
    entryPoints: [join(here, "src", `${name}.ts`)],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    legalComments: "none",
    absWorkingDir: here,
  });
  return result.outputFiles[0].text;
}

// One <symbol> for each line of icons.txt: `our-name tabler-name`.
function icons() {
  const lines = readFileSync(join(here, "src", "icons.txt"), "utf8").split("\n");
  const symbols = lines
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith("#"))
    .map((line) => {
      const [name, source] = line.split(/\s+/);
      const folder = source.endsWith("-filled") ? "filled" : "outline";
      const file = source.replace(/-filled$/, "");
      const svg = readFileSync(
        join(here, "node_modules/@tabler/icons/icons", folder, `${file}.svg`),
        "utf8",
      ).replace(/<!--[\s\S]*?-->/g, "");
      const body = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
      const paint =
        folder === "filled"
          ? 'fill="currentColor"'
          : 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';
      return `<symbol id="${name}" viewBox="0 0 24 24" ${paint}>${body.replace(/\s*\n\s*/g, "")}</symbol>`;
    });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

function put(name, content) {
  const bytes = Buffer.from(content);
  writeFileSync(join(dist, name), bytes);
  writeFileSync(join(dist, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  writeFileSync(
    join(dist, `${name}.br`),
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  );
}

const files = { "app.css": styles(), "app.js": script("app"), "portal.js": script("portal"), "icons.svg": icons() };
for (const name of readdirSync(join(here, "static"))) {
  files[name] = readFileSync(join(here, "static", name));
}
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
for (const [name, content] of Object.entries(files)) put(name, content);
