import type { ComponentChildren } from "preact";
import { number } from "../words/numbers";

interface Props {
  done: number;
  /** Undefined: there is no end, and no bar. */
  of: number | undefined;
  /** What is counted, for who cannot see the bar. */
  label?: string;
  /** Said beside the bar instead of the counts alone. */
  children?: ComponentChildren;
}

/** How many of how many. */
export function Progress({ done, of, label, children }: Props) {
  if (of === undefined) return <span class="progress">{children ?? number(done)}</span>;
  const counted = `${done} of ${of}`;
  return (
    <span class="progress">
      <progress max={of} value={Math.min(done, of)} aria-label={label ?? counted} />
      <span>{children ?? counted}</span>
    </span>
  );
}
