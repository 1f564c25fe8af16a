// People at work: each looks at the list, opens a run, carries out its present step, thinks, and goes on.
//   node people.mjs URL COOKIES RUNS SECONDS THINK_MS
// COOKIES and RUNS are files with a line for each; a person takes runs nobody else takes. Prints one JSON line of
// milliseconds by kind of request: count, median, p95, largest.
import { readFileSync } from "node:fs";
import http from "node:http";

const [url, cookieFile, runFile, seconds, think] = process.argv.slice(2);
const lines = (file) => readFileSync(file, "utf8").split("\n").filter(Boolean);
const cookies = lines(cookieFile);
const runs = lines(runFile);
const base = new URL(url);
const end = Date.now() + Number(seconds) * 1000;
const taken = { list: [], run: [], step: [] };

function ask(agent, cookie, method, path, form) {
  const body = form && new URLSearchParams(form).toString();
  const headers = { Cookie: cookie, "Sec-Fetch-Site": "same-origin" };
  if (body) Object.assign(headers, { "Content-Type": "application/x-www-form-urlencoded", "Content-Length": Buffer.byteLength(body) });
  return new Promise((resolve, reject) => {
    const from = process.hrtime.bigint();
    const request = http.request({ agent, host: base.hostname, port: base.port, method, path, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece) => (text += piece));
      answer.on("end", () => resolve({ status: answer.statusCode, text, ms: Number(process.hrtime.bigint() - from) / 1e6 }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

const value = (text, name) => (text.match(new RegExp(`name="${name}"[^>]*value="([^"]*)"`)) ?? [])[1];
const pause = () => new Promise((resolve) => setTimeout(resolve, Number(think) * (0.5 + Math.random())));

async function person(number, cookie) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const own = runs.filter((_, at) => at % cookies.length === number);
  await pause();
  for (const run of own) {
    if (Date.now() > end) break;
    const list = await ask(agent, cookie, "GET", "/mesa");
    taken.list.push(list.ms);
    const page = await ask(agent, cookie, "GET", `/tramites/${run}`);
    taken.run.push(page.ms);
    const form = { paso: value(page.text, "paso"), version: value(page.text, "version"), nota: "Atendido en la visita." };
    const step = await ask(agent, cookie, "POST", `/tramites/${run}/pasos`, form);
    taken.step.push(step.ms);
    for (const [what, answer, status] of [["list", list, 200], ["run", page, 200], ["step", step, 303]]) {
      if (answer.status !== status) throw new Error(`${what} of ${run}: ${answer.status} ${answer.text.slice(0, 300)}`);
    }
    await pause();
  }
  agent.destroy();
}

await Promise.all(cookies.map((cookie, number) => person(number, cookie)));
const figures = {};
for (const [kind, ms] of Object.entries(taken)) {
  ms.sort((a, b) => a - b);
  const at = (share) => ms[Math.min(ms.length - 1, Math.floor(ms.length * share))];
  figures[kind] = { count: ms.length, median: at(0.5), p95: at(0.95), largest: at(1) };
}
console.log(JSON.stringify(figures));
