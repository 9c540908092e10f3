// The part of a training's output that the page holds: chunks that lie behind each other, a bounded number of lines.

import type { OutputLine } from "../../../generated/tunewright/v1/metrics_service_pb";

export interface Chunk {
  id: number;
  lines: readonly OutputLine[];
  /** Token of what comes before it; empty: nothing does. */
  before: string;
}

export interface Span {
  chunks: readonly Chunk[];
  /** Token of what comes after it; undefined: it reaches to the end, as far as that is known. */
  after: string | undefined;
}

export const EMPTY: Span = { chunks: [], after: undefined };
export const MOST_LINES = 6000;
export const MOST_CHARACTERS = 4_000_000;

let ids = 0;

export function chunkOf(lines: readonly OutputLine[], before: string): Chunk {
  return { id: ids++, lines, before };
}

export const countOf = (span: Span): number => span.chunks.reduce((sum, { lines }) => sum + lines.length, 0);

/** Token of what comes before it all; empty: nothing does. */
export const beforeOf = (span: Span): string => span.chunks[0]?.before ?? "";

/** With a chunk behind it; from the beginning so much is dropped as is too much. */
export function appended(span: Span, chunk: Chunk, after: string | undefined): Span {
  const chunks = [...span.chunks, chunk].filter(keeps);
  while (isTooMuch(chunks)) chunks.shift();
  return { chunks, after };
}

/** With a chunk before it; from the end so much is dropped as is too much. */
export function prepended(span: Span, chunk: Chunk): Span {
  const chunks = [chunk, ...span.chunks];
  let { after } = span;
  while (isTooMuch(chunks)) after = chunks.pop()?.before;
  return { chunks, after };
}

/** Without lines, a chunk only tells where a span begins. */
const keeps = ({ lines }: Chunk, at: number): boolean => at === 0 || lines.length > 0;

function isTooMuch(chunks: readonly Chunk[]): boolean {
  if (chunks.length < 2) return false;
  let [lines, characters] = [0, 0];
  for (const chunk of chunks) {
    lines += chunk.lines.length;
    for (const { text } of chunk.lines) characters += text.length;
  }
  return lines > MOST_LINES || characters > MOST_CHARACTERS;
}
