// The script of the pages. Every page works without it; it re-reads the parts that changed, keeps
// filters in step with the list, and moves to the search box on "/". It holds no state of its own.
import htmx from "htmx.org";
import "./morph";
import { listen } from "./live";
import { keepTime } from "./since";

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;
// Private pages are not kept in the browser's storage.
htmx.config.historyCacheSize = 0;
htmx.config.refreshOnHistoryMiss = true;

document.addEventListener("keydown", (event) => {
  const typing = (event.target as Element | null)?.closest("input, textarea, select");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.querySelector<HTMLInputElement>("input[type=search]");
  if (search) {
    event.preventDefault();
    search.focus();
    search.select();
  }
});

// A choice in a filter acts at once; without the script its button does.
document.addEventListener("change", (event) => {
  const control = event.target as Element | null;
  if (control instanceof HTMLSelectElement && control.form?.hasAttribute("data-filter")) {
    control.form.requestSubmit();
  }
});

// One box for all boxes of a form; shown only where this script is there to serve it.
function offerAll(): void {
  for (const all of document.querySelectorAll<HTMLInputElement>("input[data-pick-all]")) all.hidden = false;
}
document.addEventListener("change", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || box.type !== "checkbox" || !box.form) return;
  const all = box.form.querySelector<HTMLInputElement>("input[data-pick-all]");
  if (!all) return;
  const boxes = [...box.form.querySelectorAll<HTMLInputElement>("input[type=checkbox][name]")];
  if (box === all) for (const one of boxes) one.checked = all.checked;
  const picked = boxes.filter((one) => one.checked).length;
  all.checked = picked > 0 && picked === boxes.length;
  all.indeterminate = picked > 0 && picked < boxes.length;
});
document.addEventListener("htmx:afterSwap", offerAll);

// Sent twice by a double click is answered twice: the second one is not sent.
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "true";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) form.removeAttribute("data-sent");
});

document.addEventListener("DOMContentLoaded", () => {
  listen();
  keepTime();
  offerAll();
});
