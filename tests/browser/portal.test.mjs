// The portal on a phone: a failure reported without an account, followed, and said something about; accessible, nothing
// too wide, also without the script.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, shot, SIZES, violations } from "./support/browser.mjs";
import { Collector } from "./support/programs.mjs";

const PHOTO = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
let collector;
let browser;

before(async () => {
  collector = await Collector.start();
  await collector.command("area", "create", "Tesorería");
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
  await collector?.stop();
});

async function look(page, name) {
  assert.deepEqual(await violations(page), [], name);
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(beyond <= 0, `${name} is ${beyond} px too wide`);
  await shot(page, name);
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "" : "-sin-script";
  test(`a failure is reported and followed on a phone${how}`, async () => {
    const context = await browser.newContext({ viewport: SIZES.phone, isMobile: true, javaScriptEnabled });
    const page = await context.newPage();
    await page.goto(`${collector.url}/portal/equipo/12`);
    if (javaScriptEnabled) await look(page, "portal");
    else await shot(page, `portal${how}`);
    assert.equal(await page.getByLabel("Número de la etiqueta").inputValue(), "12");
    await page.getByText("Falla de un equipo").click();
    await page.getByLabel("Cuéntanos").fill("No enciende desde ayer.");
    await page.getByLabel("Tu nombre").fill("Rosa Peña");
    await page.getByLabel("Tu área").selectOption({ label: "Tesorería" });
    await page.getByLabel("Foto o archivo").setInputFiles({ name: "foto.png", mimeType: "image/png", buffer: PHOTO });
    await page.getByRole("button", { name: "Enviar" }).click();
    await page.getByRole("heading", { name: "Listo, ya lo registramos" }).waitFor();
    if (javaScriptEnabled) await look(page, "portal-recibido");
    const [folio, code] = await page.locator(".receipt dd").allInnerTexts();
    await page.getByRole("link", { name: "Ver cómo va" }).click();
    assert.equal(await page.getByLabel("Folio").inputValue(), folio);
    await page.getByLabel("Código").fill("AAAA-2222");
    await page.getByRole("button", { name: "Ver" }).click();
    await page.getByText("no coinciden").waitFor();
    if (javaScriptEnabled) await look(page, "portal-seguir");
    await page.getByLabel("Código").fill(code.toLowerCase());
    await page.getByRole("button", { name: "Ver" }).click();
    await page.getByText("En atención").waitFor();
    await page.getByLabel("Agregar un mensaje").fill("Está en planta baja.");
    await page.getByRole("button", { name: "Enviar mensaje" }).click();
    await page.getByText("Tu mensaje quedó guardado").waitFor();
    if (javaScriptEnabled) await look(page, "portal-estado");
    await context.close();
  });
}
