import { number } from "../words/numbers";

/** How many of how many; without an end only how many. */
export function Progress({ done, of }: { done: number; of: number | undefined }) {
  if (of === undefined) return <span>{number(done)}</span>;
  return (
    <span class="progress">
      <progress max={of} value={Math.min(done, of)} aria-label={`${done} of ${of}`} />
      <span>
        {done} of {of}
      </span>
    </span>
  );
}
