// Pages of a training's output, forwards and backwards; where few lines are wanted, over pages that have none.

import type { OutputLine } from "../../../generated/tunewright/v1/metrics_service_pb";

const MOST_PAGES = 40;

interface Page {
  lines: OutputLine[];
  nextPageToken: string;
  previousPageToken: string;
}

export interface Found {
  lines: OutputLine[];
  /** Token of what comes before them; empty: nothing does. */
  before: string;
  /** Token of what comes after them; undefined: nothing yet. */
  after: string | undefined;
}

type Ask = (token: string) => Promise<Page>;

export async function readOn(ask: Ask, from: string): Promise<Found> {
  let token = from;
  for (let pages = 0; ; pages++) {
    const { lines, nextPageToken } = await ask(token);
    token = nextPageToken;
    if (lines.length > 0 || !token || pages === MOST_PAGES)
      return { lines, before: from, after: token || undefined };
  }
}

/** From the end back, if there is no token. */
export async function readBack(ask: Ask, from: string): Promise<Found> {
  let token = from;
  for (let pages = 0; ; pages++) {
    const { lines, previousPageToken } = await ask(token);
    token = previousPageToken;
    if (lines.length > 0 || !token || pages === MOST_PAGES) return { lines, before: token, after: undefined };
  }
}
