// The script of the pages people without an account meet: a signature drawn with a finger, and forms that are not sent
// twice. Without it a signature is typed. It holds no state of its own.
import SignaturePad from "signature_pad";

// Beyond this the drawing is thinned: the collector takes 6,000 points.
const POINTS = 3_000;

function draw(form: HTMLFormElement, area: HTMLElement): void {
  const canvas = area.querySelector("canvas");
  const strokes = form.querySelector<HTMLInputElement>("input[name=trazos]");
  if (!canvas || !strokes) return;
  area.hidden = false;
  const pad = new SignaturePad(canvas, { penColor: "#123", minDistance: 3 });
  // Strokes are kept in pixels of the page, so turning the phone neither loses nor bends them.
  const fit = () => {
    const ratio = Math.max(devicePixelRatio, 1);
    canvas.width = canvas.offsetWidth * ratio;
    canvas.height = canvas.offsetHeight * ratio;
    canvas.getContext("2d")?.scale(ratio, ratio);
    pad.fromData(pad.toData());
  };
  fit();
  new ResizeObserver(fit).observe(canvas);
  area.querySelector("[data-clear]")?.addEventListener("click", () => pad.clear());
  form.addEventListener("submit", () => {
    const lines = pad.toData().map(({ points }) => points.map(({ x, y }) => [Math.round(x), Math.round(y)]));
    const count = lines.reduce((sum, line) => sum + line.length, 0);
    const every = Math.ceil(count / POINTS);
    const inside = ([x, y]: number[]) => x >= 0 && y >= 0;
    const kept = lines.map((line) => line.filter((point, at) => inside(point) && (at % every === 0 || at === line.length - 1)));
    strokes.value = JSON.stringify(kept.filter((line) => line.length > 0));
  });
}

for (const area of document.querySelectorAll<HTMLElement>("[data-sign]")) {
  const form = area.closest("form");
  if (form) draw(form, area);
}

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "true";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) form.removeAttribute("data-sent");
});
