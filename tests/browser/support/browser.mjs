// Debian's chromium through playwright-core, the two sizes pages are looked at in, and the accessibility check.

import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const SIZES = {
  desktop: { width: 1366, height: 768 },
  phone: { width: 390, height: 844 },
};

/** Opens the browser; close it with `close()`. */
export function openBrowser() {
  return chromium.launch({
    executablePath: process.env.ATALAYA_CHROMIUM ?? "/usr/bin/chromium",
    // Chromium refuses its sandbox to root, and root is who runs tests in a container.
    chromiumSandbox: process.getuid() !== 0,
  });
}

/** What axe-core finds against WCAG 2.2 AA, one line each: rule, how bad, where. Empty is the aim. */
export async function violations(page) {
  // The pages forbid foreign scripts; the debugger's world is not the page's.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }),
  );
  return violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id} (${rule.impact}): ${node.target.join(" ")}`));
}

/** Keeps a picture under tests/browser/shots, which git ignores. */
export async function shot(page, name) {
  const folder = join(import.meta.dirname, "../shots");
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
