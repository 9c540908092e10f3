import { useEffect, useState } from "preact/hooks";

/** The value, followed at most once in so many milliseconds: for what is asked again whenever it changes. */
export function useAtMost<Value>(value: Value, everyMs: number): Value {
  const [{ taken, at }, take] = useState({ taken: value, at: Date.now() });
  useEffect(() => {
    if (Object.is(value, taken)) return;
    const timer = setTimeout(
      () => take({ taken: value, at: Date.now() }),
      Math.max(0, at + everyMs - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [value, taken, at, everyMs]);
  return taken;
}
