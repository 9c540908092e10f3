// Light, dark, or as the system has it. What is drawn on canvas reads its colours from the same style sheet.

import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
const KEY = "tunewright.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

export const theme = signal<Theme>((localStorage.getItem(KEY) as Theme | null) ?? "system");
/** Whether it is dark now. */
export const dark = signal(system.matches);

effect(() => {
  const chosen = theme.value;
  const decide = () => {
    dark.value = chosen === "system" ? system.matches : chosen === "dark";
    document.documentElement.dataset.theme = dark.value ? "dark" : "light";
  };
  decide();
  if (chosen === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, chosen);
  system.addEventListener("change", decide);
  return () => system.removeEventListener("change", decide);
});
