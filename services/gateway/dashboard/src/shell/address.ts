// The URL holds the state of a page: what is filtered, sorted, chosen. A link shows the same to somebody else.

import { useCallback } from "preact/hooks";
import { useLocation } from "preact-iso";

/** A member of the query string, and a way to set it; a value equal to `fallback` is left out of the URL. */
export function useQuery(name: string, fallback = ""): [string, (value: string) => void] {
  const { query } = useLocation();
  const change = useQueryChange();
  const set = useCallback(
    (value: string) => change({ [name]: value === fallback ? "" : value }),
    [change, name, fallback],
  );
  return [query[name] ?? fallback, set];
}

/** Sets several members at once; the empty text removes one. The page does not go into the history for it. */
export function useQueryChange(): (members: Record<string, string>) => void {
  const { route } = useLocation();
  return useCallback(
    (members) => {
      const query = new URLSearchParams(location.search);
      for (const [name, value] of Object.entries(members))
        value ? query.set(name, value) : query.delete(name);
      const text = query.toString();
      route(location.pathname + (text ? `?${text}` : ""), true);
    },
    [route],
  );
}

export const jobPath = (name: string): string => `/jobs/${encodeURIComponent(name)}`;
export const trainingPath = (name: string): string => `/trainings/${encodeURIComponent(name)}`;
