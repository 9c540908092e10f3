/** More lines than this nobody tells apart. */
export const MOST = 12;

/** The names in the URL, each once, as many as can be compared; and how many more were given. */
export function chosen(text: string): { names: string[]; more: number } {
  const given = [...new Set(text.split(",").filter(Boolean))];
  return { names: given.slice(0, MOST), more: Math.max(0, given.length - MOST) };
}
