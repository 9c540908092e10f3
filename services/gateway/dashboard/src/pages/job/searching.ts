// A search over much output comes in pages, and some of them are empty: what is sought may be rare.

import type { FoundLine, SearchOutputResponse } from "../../generated/tunewright/v1/metrics_service_pb";

const MOST_PAGES = 25;

export interface Searched {
  lines: FoundLine[];
  /** Where to go on; undefined: all has been searched. */
  next: string | undefined;
}

/** Goes on over empty pages until there are lines, for so long as a person waits. */
export async function searched(
  page: (token: string) => Promise<Pick<SearchOutputResponse, "lines" | "nextPageToken">>,
  from: string,
): Promise<Searched> {
  let next = from;
  for (let read = 0; read < MOST_PAGES; read++) {
    const { lines, nextPageToken } = await page(next);
    if (lines.length > 0 || !nextPageToken) return { lines, next: nextPageToken || undefined };
    next = nextPageToken;
  }
  return { lines: [], next };
}
