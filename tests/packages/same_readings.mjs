// Compares what root reads with what the service reads in its sandbox: same_readings.mjs ROOT.json SANDBOX.json
// Figures move between two looks; what is compared is what was read at all, and what does not move.
import { readFileSync } from "node:fs";

const [asRoot, inSandbox] = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, "utf8")));

function facts({ antivirus, connectivity, disk, firewall, system, updates, software, accounts }) {
  return {
    status: [antivirus, connectivity, disk, firewall, system, updates, software, accounts].map((section) => section.status),
    products: antivirus.products.map((product) => [product.name, product.running]),
    rules: [firewall.enabled, firewall.backend, firewall.default_inbound, firewall.allowed],
    listening: firewall.listening.map((socket) => JSON.stringify([socket.protocol, socket.address, socket.port, socket.process])).sort(),
    targets: connectivity.targets.map((target) => [target.name, target.sent, target.received]),
    volumes: disk.volumes.map((volume) => [volume.mount, volume.filesystem, volume.total_bytes, volume.read_only]),
    drives: [disk.drives_status, disk.drives.map((drive) => [drive.device, drive.health, drive.reasons])],
    system: [system.hostname, system.serial, system.kernel, system.reboot_needed],
    updates: [updates.pending, updates.security, updates.last_installed_at, updates.automatic],
    software: [software.programs, software.left_out],
    accounts: accounts.accounts.map((account) => [account.name, account.enabled, account.administrator, account.system]),
  };
}

const [root, sandbox] = [facts(asRoot), facts(inSandbox)];
let wrong = 0;
for (const name of Object.keys(root)) {
  const [expected, found] = [root, sandbox].map((all) => JSON.stringify(all[name]));
  if (expected === found) continue;
  wrong += 1;
  console.error(`${name}: root reads ${expected}, the service ${found}`);
}
// A comparison of nothing with nothing would say nothing.
if (root.status.some((status) => status !== "ok")) throw new Error(`root itself does not read all: ${root.status}`);
if (asRoot.disk.drives.every((drive) => drive.health === "unknown")) throw new Error("no drive to compare");
if (root.software[0].length === 0 || root.accounts.every((account) => account[1] === null)) throw new Error("no software or accounts to compare");
if (root.rules[2] !== "drop" || !asRoot.firewall.listening.some((socket) => socket.process)) throw new Error("no rules or no process to compare");
process.exit(wrong ? 1 : 0);
