// Live parts of a page. An element with `data-live="device:ID alerts"` is read again, from the page's
// own address, when the collector says that one of those subjects changed. Events carry no data.
import htmx from "htmx.org";

const RETRY_MS = 15_000;
const GATHER_MS = 250;

let waiting = new Set<string>();
let timer: number | undefined;

function parts(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-live], [data-every]")];
}

// Ages and figures move without anything changing: such a part says after how many seconds it is read again.
function keepReading(): void {
  let seconds = 0;
  window.setInterval(() => {
    seconds += 1;
    if (document.hidden) return;
    for (const part of parts()) {
      const every = Number(part.dataset.every);
      if (every > 0 && seconds % every === 0) reread(part);
    }
  }, 1_000);
}

// A part with a form somebody is writing in is left alone; it only says that there is news.
function busy(part: HTMLElement): boolean {
  for (const form of part.querySelectorAll("form")) {
    if (form.contains(document.activeElement)) return true;
    for (const field of form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(
      "input, textarea",
    )) {
      const changed =
        field instanceof HTMLInputElement && (field.type === "radio" || field.type === "checkbox")
          ? field.checked !== field.defaultChecked
          : field.type !== "hidden" && field.value !== field.defaultValue;
      if (changed) return true;
    }
  }
  return false;
}

function reread(part: HTMLElement): void {
  if (busy(part)) {
    part.querySelector("[data-news]")?.removeAttribute("hidden");
    return;
  }
  void htmx.ajax("get", location.pathname + location.search, {
    source: part,
    target: `#${part.id}`,
    select: `#${part.id}`,
    swap: "morph" as never,
  });
}

function flush(): void {
  timer = undefined;
  const subjects = waiting;
  waiting = new Set();
  if (document.hidden) {
    // Read when it is looked at again: an unseen page costs the collector nothing.
    document.addEventListener("visibilitychange", () => changed([...subjects]), { once: true });
    return;
  }
  for (const part of parts()) {
    const names = (part.dataset.live ?? "").split(" ");
    if (subjects.has("*") || names.some((name) => subjects.has(name))) reread(part);
  }
}

function changed(subjects: string[]): void {
  for (const subject of subjects) waiting.add(subject);
  timer ??= window.setTimeout(flush, GATHER_MS);
}

function connected(yes: boolean): void {
  document.documentElement.toggleAttribute("data-offline", !yes);
}

/** Opens the stream of changes; while it cannot be opened the parts are read at an interval. */
export function listen(): void {
  if (parts().length === 0) return;
  keepReading();
  connect();
}

function connect(): void {
  const source = new EventSource("/vivo");
  let broken = false;
  source.addEventListener("changed", (event) => changed(event.data.split(" ")));
  source.addEventListener("open", () => {
    connected(true);
    // Whatever happened while it was away was not told.
    if (broken) changed(["*"]);
    broken = false;
  });
  source.addEventListener("error", () => {
    broken = true;
    connected(false);
    if (source.readyState === EventSource.CLOSED) {
      source.close();
      window.setTimeout(connect, RETRY_MS);
      changed(["*"]);
    }
  });
  window.addEventListener("pagehide", () => source.close(), { once: true });
}
