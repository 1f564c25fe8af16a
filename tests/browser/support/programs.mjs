// Starts the real programs for a browser test: a collector on SQLite in a folder of its own, and what reports to it.
// Every test file gets its own; everything is stopped and removed at the end. No page is opened here.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const programs = process.env.ATALAYA_PROGRAMS ?? join(import.meta.dirname, "../../../target/debug");

/** Waits until `probe` returns something true; a test never sleeps for a guessed time. */
export async function eventually(what, probe, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  let last;
  while (Date.now() < end) {
    try {
      const value = await probe();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`after ${seconds} s still not so: ${what}${last ? ` (${last.message})` : ""}`);
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** A running collector. `url` has no trailing slash. */
export class Collector {
  #children = [];

  static async start() {
    const collector = new Collector();
    collector.folder = await mkdtemp(join(tmpdir(), "atalaya-browser-"));
    const [web, agents] = [await freePort(), await freePort()];
    collector.url = `http://127.0.0.1:${web}`;
    collector.config = join(collector.folder, "collector.toml");
    await writeFile(
      collector.config,
      `data_dir = "${collector.folder}/data"\n[web]\nlisten = "127.0.0.1:${web}"\n` +
        `[agent_listener]\nlisten = "127.0.0.1:${agents}"\npublic_address = "127.0.0.1:${agents}"\n`,
    );
    collector.#spawn("atalaya-collector", ["--config", collector.config, "serve"], "collector.log");
    await eventually("the collector answers", async () => (await fetch(`${collector.url}/readyz`)).ok);
    return collector;
  }

  /** Runs a command of the collector and gives what it printed. */
  async command(...args) {
    const { stdout } = await run(join(programs, "atalaya-collector"), ["--config", this.config, ...args]);
    return stdout;
  }

  /** A one-time link of a new administrator. */
  async administratorLink() {
    return (await this.command("admin", "create")).match(/http\S+/)[0];
  }

  /** Simulated PCs at work; the first of them have been enrolled when this returns. */
  async fleet(devices, ...options) {
    const identities = join(this.folder, "fleet");
    const args = ["fleet", "--devices", String(devices), "--identities", identities, ...options];
    const collector = [join(programs, "atalaya-collector"), "--config", this.config];
    this.#spawn("atalaya-simulator", [...args, "--", ...collector], "fleet.log");
    const log = join(this.folder, "fleet.log");
    await eventually("the fleet is enrolled", async () => (await readFile(log, "utf8")).includes("en marcha"), 120);
  }

  /** What a program logged, for the message of a failed test. */
  log(name) {
    return readFile(join(this.folder, name), "utf8");
  }

  #spawn(program, args, log) {
    const child = spawn("sh", ["-c", 'log="$1"; shift; exec "$@" >"$log" 2>&1', "sh", join(this.folder, log), join(programs, program), ...args], {
      stdio: "ignore",
    });
    this.#children.push(child);
  }

  async stop() {
    for (const child of this.#children.reverse()) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        const forced = setTimeout(() => child.kill("SIGKILL"), 10_000);
        await once(child, "exit");
        clearTimeout(forced);
      }
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
