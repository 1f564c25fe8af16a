// Changes nodes in place, so that what has the focus keeps it, what is being typed stays, and nothing jumps.
import htmx from "htmx.org";
import { Idiomorph } from "idiomorph";

// A <details> somebody opened stays open; the server does not know of it.
function keepOpen(before: Node, after: Node): boolean {
  if (before instanceof HTMLDetailsElement && after instanceof HTMLDetailsElement) after.open = before.open;
  return true;
}

/** Makes `before` like `after`. */
export function morph(before: Element, after: Node | NodeList | HTMLCollection): void {
  Idiomorph.morph(before, after as Node, {
    morphStyle: "outerHTML",
    ignoreActiveValue: true,
    restoreFocus: true,
    callbacks: { beforeNodeMorphed: keepOpen },
  });
  htmx.process(before);
}

// The same for what htmx brings: `hx-swap="morph"`.
htmx.defineExtension("morph", {
  isInlineSwap: (style: string) => style === "morph",
  handleSwap(style: string, target: Node, fragment: DocumentFragment) {
    if (style !== "morph") return false;
    morph(target as Element, fragment.children);
    return [target];
  },
} as never);
