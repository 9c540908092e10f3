// Live data change many times a second; a plot is drawn again twice a second at the most, and what is asked of a server
// whenever they change, less often still.

import { useEffect, useRef, useState } from "preact/hooks";

export const REDRAWN_EVERY_MS = 500;

/** The value, at most so often a new one: the first at once, and the last one always. */
export function useSettled<T>(value: T, everyMs = REDRAWN_EVERY_MS): T {
  const [settled, setSettled] = useState(value);
  const changedAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    if (Object.is(value, settled)) return;
    const wait = Math.max(0, changedAt.current + everyMs - performance.now());
    const timer = setTimeout(() => {
      changedAt.current = performance.now();
      setSettled(value);
    }, wait);
    return () => clearTimeout(timer);
  }, [value, everyMs]);
  return settled;
}
