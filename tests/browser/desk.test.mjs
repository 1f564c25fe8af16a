// Mesa de Ayuda in a real browser: filters while typing, several runs at once with and without the script, and a list
// that changes under somebody's hands.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, shot, SIZES, violations } from "./support/browser.mjs";
import { Collector, eventually } from "./support/programs.mjs";

const PASSWORD = "cuatro palabras al azar";
let collector;
let browser;
let session;
let token;

async function open(path, options = {}) {
  const context = await browser.newContext({ storageState: session, viewport: SIZES.desktop, ...options });
  const page = await context.newPage();
  await page.goto(collector.url + path);
  return page;
}

async function api(path, body) {
  const response = await fetch(`${collector.url}/api/v1/${path}`, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  assert.ok(response.ok, `${path}: ${response.status}`);
  return response.json();
}

before(async () => {
  collector = await Collector.start();
  browser = await openBrowser();
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(await collector.administratorLink());
  await page.getByLabel("Contraseña nueva").fill(PASSWORD);
  await page.getByLabel("Repítela").fill(PASSWORD);
  await page.getByRole("button", { name: "Guardar y entrar" }).click();
  await page.getByRole("heading", { name: "Aún no hay equipos" }).waitFor();
  session = await context.storageState();
  await context.close();
  token = (await collector.command("token", "create", "--name", "tablero", "--scope", "write")).trim();
  await collector.fleet(12, "--sick", "--interval", "5");
  await eventually("three faults have opened runs", async () => (await api("runs?state=open")).total >= 3, 120);
});

after(async () => {
  await browser?.close();
  await collector?.stop();
});

test("several runs are taken in hand at once, also without the script", async () => {
  for (const javaScriptEnabled of [false, true]) {
    const page = await open("/mesa?ver=sin-asignar", { javaScriptEnabled });
    const row = page.locator("#runs tbody tr").first();
    const folio = (await row.locator(".name .small").first().innerText()).trim().split(/\s/)[0];
    await row.getByRole("checkbox").check();
    await page.getByLabel("A quién se asignan").selectOption({ label: "A mí" });
    await page.getByRole("button", { name: "Asignar" }).click();
    await page.getByText("Se asignó 1 trámite.").waitFor();
    await page.goto(`${collector.url}/mesa?ver=mios`);
    await page.getByText(folio).first().waitFor();
    await page.context().close();
  }
  assert.equal((await api("runs?state=open&assignee=none")).total + 2, (await api("runs?state=open")).total);
});

test("what somebody has marked stays marked while the list changes", async () => {
  const page = await open("/mesa");
  const box = page.locator("#runs tbody input[type=checkbox]").first();
  await box.check();
  const run = (await api("runs?state=open&order=age")).items[0];
  await api(`runs/${run.id}/priority`, { priority: "urgent", note: "lo pidió Tesorería" });
  await page.getByText("La lista cambió mientras elegías").waitFor();
  assert.ok(await box.isChecked());
  await box.uncheck();
  await page.locator("h1").click();
  await api(`runs/${run.id}/comments`, { text: "ya van en camino" });
  await page.locator(`#r-${run.id}`).getByText("Urgente").waitFor();
  await page.context().close();
});

test("the list is searched while typing, and its counters lead to what they count", async () => {
  const page = await open("/mesa");
  await page.keyboard.press("/");
  await page.keyboard.type("esto no está");
  await page.getByText("Ningún trámite cumple con ese filtro").waitFor();
  assert.equal(new URL(page.url()).searchParams.get("q"), "esto no está");
  await page.goto(`${collector.url}/mesa`);
  for (const name of [/Míos/, /De otras personas/, /Sin asignar/, /Sin plazo/]) {
    const counter = page.locator("#counters a").filter({ hasText: name });
    const count = Number(await counter.locator("b").innerText());
    await counter.click();
    await page.locator("#counters a[aria-current]").filter({ hasText: name }).waitFor();
    assert.equal(await page.locator("#runs tbody tr").count(), count, String(name));
    await page.goto(`${collector.url}/mesa`);
  }
  await page.context().close();
});

test("the list is accessible in light and dark, and fits a phone", async () => {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open("/mesa", { viewport, colorScheme });
      assert.deepEqual(await violations(page), [], `${size} ${colorScheme}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wide <= 0, `${size}: ${wide} px too wide`);
      await shot(page, `mesa-${size}-${colorScheme}`);
      await page.context().close();
    }
  }
});
