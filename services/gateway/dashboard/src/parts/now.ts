import { useEffect, useState } from "preact/hooks";

/** Milliseconds since 1970, told every so often for as long as it matters. */
export function useNow(everyMs: number, matters = true): number {
  const [now, tick] = useState(Date.now);
  useEffect(() => {
    if (!matters) return;
    const timer = setInterval(() => tick(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, matters]);
  return now;
}
