// The pages as people meet them: a real collector, simulated PCs over the real protocol, Debian's chromium.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, shot, SIZES, violations } from "./support/browser.mjs";
import { Collector, eventually } from "./support/programs.mjs";

const PASSWORD = "cuatro palabras al azar";
let collector;
let browser;
let session;

before(async () => {
  collector = await Collector.start();
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
  await collector?.stop();
});

/** A page of somebody signed in. */
async function open(path, options = {}) {
  const context = await browser.newContext({ storageState: session, viewport: SIZES.desktop, ...options });
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) page.problems.push(message.text());
  });
  await page.goto(collector.url + path);
  return page;
}

async function api(path, token, body) {
  const response = await fetch(`${collector.url}/api/v1/${path}`, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  assert.ok(response.ok, `${path}: ${response.status}`);
  return response.json();
}

async function openRun(token) {
  return eventually("a PC's fault has opened a run", async () => (await api("runs?state=open", token)).items[0], 90);
}

test("a one-time link leads to a password, and the password to Hoy", async () => {
  const context = await browser.newContext({ viewport: SIZES.desktop });
  const page = await context.newPage();
  const link = await collector.administratorLink();
  await page.goto(link);
  assert.deepEqual(await violations(page), []);
  await shot(page, "bienvenida");
  await page.getByLabel("Contraseña nueva").fill(PASSWORD);
  await page.getByLabel("Repítela").fill(PASSWORD);
  await page.getByRole("button", { name: "Guardar y entrar" }).click();
  await page.getByRole("heading", { name: "Aún no hay equipos" }).waitFor();
  assert.deepEqual(await violations(page), []);
  await shot(page, "hoy-vacio");
  await page.getByRole("button", { name: "Cerrar sesión" }).first().click();
  await page.getByLabel("Usuario").fill("administracion");
  await page.getByLabel("Contraseña").fill(PASSWORD);
  await page.getByRole("button", { name: "Entrar" }).click();
  await page.getByRole("heading", { name: "Hoy" }).waitFor();
  session = await context.storageState();
  await page.goto(link);
  await page.getByText("ya se usó, venció o no existe").waitFor();
  await context.close();
});

test("Hoy fills itself while it is open", async () => {
  const page = await open("/");
  await page.getByText("Aún no hay equipos").waitFor();
  await collector.fleet(12, "--sick", "--interval", "5");
  await page.getByRole("heading", { name: "Por dónde empezar" }).waitFor({ timeout: 60_000 });
  await page.locator("#first .state").first().waitFor({ timeout: 60_000 });
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("the present step is answered from the page, also without the script", async () => {
  const token = (await collector.command("token", "create", "--name", "lector", "--scope", "read")).trim();
  const run = await openRun(token);
  for (const javaScriptEnabled of [false, true]) {
    const before = (await api(`runs/${run.id}`, token)).step;
    const page = await open(`/tramites/${run.id}`, { javaScriptEnabled });
    const present = page.locator("li[aria-current=step]");
    assert.equal(await present.getAttribute("id"), `p-${before}`);
    await present.getByLabel("¿Qué se hizo o se encontró?").fill(`nota del paso ${before}`);
    await present.getByRole("button", { name: "Paso hecho" }).click();
    await page.getByText(`nota del paso ${before}`).waitFor();
    const now = (await api(`runs/${run.id}`, token)).step;
    assert.notEqual(now, before);
    assert.equal(await page.locator("li[aria-current=step]").getAttribute("id"), `p-${now}`);
    await page.context().close();
  }
});

test("a change by somebody else arrives without taking the focus, the text or the place", async () => {
  const token = (await collector.command("token", "create", "--name", "tablero", "--scope", "write")).trim();
  const run = await openRun(token);
  const page = await open(`/tramites/${run.id}`, { viewport: { width: 1000, height: 500 } });
  const note = page.getByLabel("Agregar una nota");
  await note.pressSequentially("llamaron de");
  const place = (await note.boundingBox()).y;
  const { step, version } = await api(`runs/${run.id}`, token);
  const procedure = await api("procedures/corrective", token);
  const { kind } = procedure.steps.find(({ id }) => id === step);
  await api(`runs/${run.id}/steps`, token, { step, version, ...(kind === "question" && { answer: true }) });
  const { step: next } = await api(`runs/${run.id}`, token);
  await page.locator(`li[aria-current=step]#p-${next}`).waitFor();
  await page.keyboard.type(" Tesorería");
  assert.equal(await note.inputValue(), "llamaron de Tesorería");
  const moved = Math.abs((await note.boundingBox()).y - place);
  assert.ok(moved < 2, `what is looked at moved by ${moved} px`);
  // A form somebody writes in is left as it is; the page says that there is news.
  const answer = page.locator("#nota");
  await answer.fill("a medias");
  const { version: after, step: present } = await api(`runs/${run.id}`, token);
  const question = procedure.steps.find(({ id }) => id === present).kind === "question";
  await api(`runs/${run.id}/steps`, token, { step: present, version: after, ...(question && { answer: true }) });
  await page.getByText("Este trámite cambió mientras escribías").waitFor();
  assert.equal(await answer.inputValue(), "a medias");
  await page.getByRole("button", { name: /Paso hecho|^Sí/ }).click();
  await page.getByText("ya atendió este paso").waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("the fleet is searched while typing and the address keeps it", async () => {
  const page = await open("/flota");
  await page.locator("#fleet tbody tr").first().waitFor();
  const name = await page.locator("#fleet a.row").nth(1).innerText();
  await page.keyboard.press("/");
  await page.keyboard.type(name.toLowerCase());
  await page.waitForURL((url) => url.searchParams.get("q") === name.toLowerCase());
  await eventually("only that PC is listed", async () => (await page.locator("#fleet tbody tr").count()) < 12);
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  await page.reload();
  assert.equal(await page.getByRole("searchbox").inputValue(), name.toLowerCase());
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("the colours somebody chose stay", async () => {
  const page = await open("/");
  await page.getByRole("button", { name: "Oscuro" }).first().click();
  await page.locator("html[data-bs-theme=dark]").waitFor();
  await page.goto(`${collector.url}/flota`);
  await page.locator("html[data-bs-theme=dark]").waitFor();
  await page.context().close();
});

test("every page is accessible in light and dark, and fits a phone", async () => {
  const list = await open("/flota");
  const device = await list.locator("#fleet a.row").first().getAttribute("href");
  await list.goto(`${collector.url}/mesa`);
  const run = await list.locator("#runs a.row").first().getAttribute("href");
  await list.context().close();
  await collector.command("target", "add", "Impresora de Tesorería", "--kind", "printer", "--tcp", "192.0.2.9:9100");
  const areas = await open("/administracion/areas");
  const area = await areas.locator("main a.row").first().getAttribute("href");
  await areas.goto(`${collector.url}/redes`);
  const printer = await areas.locator("main a.row").first().getAttribute("href");
  await areas.context().close();
  const programs = `${device}/programas`;
  const places = { redes: "/redes", impresora: printer, areas: "/administracion/areas", area, programas: programs };
  const pages = { ...places, hoy: "/", flota: "/flota", equipo: device, alertas: "/alertas", mesa: "/mesa", tramite: run, nada: "/no-existe", entrar: "/entrar" };
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open("/", { viewport, colorScheme, isMobile: size === "phone" });
      for (const [name, path] of Object.entries(pages)) {
        const where = `${name} ${size} ${colorScheme}`;
        await page.goto(collector.url + path);
        assert.deepEqual(await violations(page), [], where);
        const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(beyond <= 0, `${where} is ${beyond} px too wide`);
        await shot(page, `${name}-${size}-${colorScheme}`);
      }
      assert.deepEqual(page.problems, [], `${size} ${colorScheme}`);
      await page.context().close();
    }
  }
});

test("what can be touched on a phone is large enough for a finger", async () => {
  const page = await open("/", { viewport: SIZES.phone, isMobile: true });
  for (const path of ["/", "/flota", "/alertas", "/mesa", "/redes", "/administracion/areas"]) {
    await page.goto(collector.url + path);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll("main button, main input, main select, main summary, main .btn, nav a")]
        .filter((element) => element.getClientRects().length > 0)
        // The box in the corner of a row is marked by the whole corner.
        .filter((element) => (element.closest("label.corner") ?? element).getBoundingClientRect().height < 44)
        .map((element) => element.outerHTML.slice(0, 80)),
    );
    assert.deepEqual(small, [], path);
  }
  await page.context().close();
});
