import type { Palette } from "./plot";

/** Read the colours that the style sheet has now. */
export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: colour("text"),
    muted: colour("muted"),
    line: colour("line"),
    surface: colour("surface"),
    accent: colour("accent"),
    good: colour("good"),
    bad: colour("bad"),
    stopped: colour("stopped"),
    waiting: colour("waiting"),
    series: ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b2a100", "#7f7f7f"],
  };
}
