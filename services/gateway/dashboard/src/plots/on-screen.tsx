// What nobody sees is not drawn: it waits until it is scrolled to, and stands still once it is scrolled away.

import { type ComponentChildren, createElement, Fragment, type RefObject, type VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

const AHEAD = "200px"; // so that a plot is there when it is scrolled to

/** Whether an element is on screen, or nearly. */
export function useOnScreen(of: RefObject<Element | null>): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (!of.current) return;
    const observer = new IntersectionObserver(
      (entries) => setSeen(entries.some(({ isIntersecting }) => isIntersecting)),
      { rootMargin: AHEAD },
    );
    observer.observe(of.current);
    return () => observer.disconnect();
  }, [of]);
  return seen;
}

/** Whether an element has been on screen, or nearly. */
export function useSeen(of: RefObject<Element | null>): boolean {
  const now = useOnScreen(of);
  const seen = useRef(false);
  seen.current ||= now;
  return seen.current;
}

/** Makes its children only while it is on screen; off it, they stay as they were. */
export function OnScreen({ height, children }: { height: number; children: () => ComponentChildren }) {
  const place = useRef<HTMLDivElement>(null);
  const seen = useOnScreen(place);
  const kept = useRef<VNode | null>(null);
  // The same node again tells Preact that nothing has changed below it.
  if (seen) kept.current = createElement(Fragment, null, children());
  return (
    <div ref={place} class="on-screen" style={kept.current ? {} : { minHeight: `${height}px` }}>
      {kept.current}
    </div>
  );
}
