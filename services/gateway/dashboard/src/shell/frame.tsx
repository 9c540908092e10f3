import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import { signOut } from "../rpc/token";
import { Keys } from "./keys";
import { type Theme, theme } from "./theme";
import { titleOf } from "./title";

const PLACES = [
  { path: "/jobs", word: "Jobs", key: "j" },
  { path: "/new", word: "New job", key: "n" },
  { path: "/compare", word: "Compare", key: "c" },
  { path: "/workers", word: "Workers", key: "w" },
  { path: "/diagnosis", word: "Diagnosis", key: "d" },
] as const;

const THEMES: Record<Theme, string> = { system: "Theme: system", light: "Theme: light", dark: "Theme: dark" };
const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

/** What is around every page: where one can go, and the way past it for who goes by keyboard. */
export function Frame({ children }: { children: ComponentChildren }) {
  const { path } = useLocation();
  const here = path === "/" ? "/jobs" : path;
  useEffect(() => {
    document.title = titleOf(path, PLACES);
  }, [path]);
  return (
    <>
      <a class="skip" href="#page">
        To the page
      </a>
      <header class="frame">
        <a class="brand" href="/jobs">
          <img src="/favicon.svg" alt="" width="22" height="22" /> Tunewright
        </a>
        <nav aria-label="Pages">
          {PLACES.map(({ path: to, word }) => (
            <a key={to} href={to} aria-current={here.startsWith(to) ? "page" : undefined}>
              {word}
            </a>
          ))}
        </nav>
        <div class="frame-end">
          <Keys places={PLACES} />
          <button type="button" class="quiet" onClick={() => (theme.value = NEXT[theme.value])}>
            {THEMES[theme.value]}
          </button>
          <button type="button" class="quiet" onClick={signOut}>
            Sign out
          </button>
        </div>
      </header>
      <main id="page" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
