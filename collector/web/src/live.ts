// Live parts of a page. An element with `data-live="device alert"` is read again, from the page's own
// address, when the collector says that one of those subjects changed; one with `data-every="20"` also after
// that many seconds, because ages and figures move without anything changing. Events carry no data.
import { morph } from "./morph";

const RETRY_MS = 15_000;
// Changes are gathered this long, and the page is not read again sooner after the last time.
const GATHER_MS = 200;
const PAUSE_MS = 1_500;
const ALL = "*";

const waiting = new Set<string>();
let timer: number | undefined;
let readAt = -Infinity;

function parts(root: ParentNode): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>("[data-live], [data-every]")];
}

// A part with a form somebody is writing in is left alone; it only says that there is news.
function busy(part: HTMLElement): boolean {
  for (const form of part.querySelectorAll("form")) {
    if (form.contains(document.activeElement)) return true;
    for (const field of form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input, textarea")) {
      if (!field.name) continue; // Never sent: a box that marks the others.
      if (field.type !== "hidden" && field.value !== field.defaultValue) return true;
      if (field instanceof HTMLInputElement && field.checked !== field.defaultChecked) return true;
    }
  }
  return false;
}

async function read(): Promise<Document | undefined> {
  const response = await fetch(location.href, { headers: { "HX-Request": "true" } });
  const elsewhere = response.headers.get("HX-Redirect");
  if (elsewhere) location.assign(elsewhere);
  return response.ok && !elsewhere
    ? new DOMParser().parseFromString(await response.text(), "text/html")
    : undefined;
}

function replace(wanted: (part: HTMLElement) => boolean, fresh: Document): void {
  const present = parts(document);
  const names = (list: HTMLElement[]) => list.map((part) => part.id).join(" ");
  const main = document.querySelector("main");
  const freshMain = fresh.querySelector("main");
  // Parts came or went: the page is another one.
  if (names(present) !== names(parts(fresh)) && main && freshMain && !present.some(busy)) {
    morph(main, freshMain);
    return;
  }
  for (const part of present.filter(wanted)) {
    const now = fresh.getElementById(part.id);
    if (busy(part)) {
      if (now && now.textContent !== part.textContent) part.querySelector("[data-news]")?.removeAttribute("hidden");
    } else if (now) {
      morph(part, now);
    }
  }
}

async function flush(): Promise<void> {
  timer = undefined;
  if (document.hidden) return; // Read when it is looked at again: an unseen page costs nothing.
  readAt = performance.now();
  const subjects = new Set(waiting);
  waiting.clear();
  const wanted = (part: HTMLElement) =>
    subjects.has(ALL) ||
    subjects.has(part.id) ||
    (part.dataset.live ?? "").split(" ").some((name) => subjects.has(name));
  if (!parts(document).some(wanted)) return;
  try {
    const fresh = await read();
    if (fresh) replace(wanted, fresh);
  } catch {
    connected(false);
  }
}

function changed(subjects: string[]): void {
  for (const subject of subjects) waiting.add(subject);
  if (subjects.length === 0 || document.hidden) return;
  const pause = readAt + PAUSE_MS - performance.now();
  timer ??= window.setTimeout(() => void flush(), Math.max(GATHER_MS, pause));
}

function connected(yes: boolean): void {
  document.documentElement.toggleAttribute("data-offline", !yes);
}

function readAtIntervals(): void {
  let seconds = 0;
  window.setInterval(() => {
    seconds += 1;
    const due = parts(document).filter((part) => seconds % Number(part.dataset.every ?? Infinity) === 0);
    if (!document.hidden) changed(due.map((part) => part.id));
  }, 1_000);
}

function connect(): void {
  const source = new EventSource("/vivo");
  let broken = false;
  source.addEventListener("changed", (event) => changed(event.data.split(" ")));
  source.addEventListener("open", () => {
    connected(true);
    // Whatever happened while it was away was not told.
    if (broken) changed([ALL]);
    broken = false;
  });
  source.addEventListener("error", () => {
    broken = true;
    connected(false);
    if (source.readyState !== EventSource.CLOSED) return; // The browser tries again by itself.
    window.setTimeout(connect, RETRY_MS);
    changed([ALL]);
  });
  window.addEventListener("pagehide", () => source.close(), { once: true });
}

/** Opens the stream of changes; while it cannot be opened the page is read at an interval. */
export function listen(): void {
  if (parts(document).length === 0) return;
  document.addEventListener("visibilitychange", () => changed([...waiting]));
  readAtIntervals();
  connect();
}
