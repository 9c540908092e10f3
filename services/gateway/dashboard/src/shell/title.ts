/** What the browser's tab is called: the job's or training's name, or the page's. */
export function titleOf(path: string, pages: readonly { path: string; word: string }[]): string {
  const [, place = "", name] = path.split("/");
  const word = name ? decoded(name) : pages.find((page) => page.path === `/${place || "jobs"}`)?.word;
  return word ? `${word} · Tunewright` : "Tunewright";
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a mistyped address
  }
}
