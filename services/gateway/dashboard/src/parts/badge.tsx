import type { Shown } from "../words/states";

/** A state: its word, in its colour. */
export function Badge({ of }: { of: Shown }) {
  return <span class={`badge ${of.tone}`}>{of.word}</span>;
}
