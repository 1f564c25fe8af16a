// Keeps "hace 3 min" true while a page stays open. The words are the same the collector writes.
const EVERY_MS = 15_000;

const STEPS: [number, number, string][] = [
  [60, 1, "s"],
  [3_600, 60, "min"],
  [86_400, 3_600, "h"],
  [Infinity, 86_400, "d"],
];

/** The age in words; the counterpart of `web/since.rs`. */
export function ago(seconds: number): string {
  if (seconds < 5) return "ahora";
  for (const [below, unit, word] of STEPS) {
    if (seconds < below) return `hace ${Math.floor(seconds / unit)} ${word}`;
  }
  return "";
}

// The collector's clock counts, not this PC's.
const ahead = Date.now() - Number(document.documentElement.dataset.now ?? Date.now());

function refresh(): void {
  for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-since]")) {
    const seconds = Math.max(0, (Date.now() - ahead - Date.parse(time.dateTime)) / 1000);
    const words = ago(seconds);
    if (time.textContent !== words) time.textContent = words;
  }
}

/** Starts keeping the ages on the page true. */
export function keepTime(): void {
  window.setInterval(() => !document.hidden && refresh(), EVERY_MS);
}
