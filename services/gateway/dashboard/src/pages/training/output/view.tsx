// A window on output. Only what is held is drawn, and of that the browser lays out only what is in sight.

import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Stale } from "../../../parts/live";
import { Failed, Loading } from "../../../parts/notices";
import { Tick } from "../../../plots/choices";
import { several as counted } from "../../../words/numbers";
import { Lines } from "./lines";
import { beforeOf, countOf } from "./span";
import { type Held, useSpan, type Wanted } from "./use-span";

const NEAR_PX = 400;
const AT_END_PX = 6;

interface Props {
  wanted: Wanted;
  /** More may come. */
  live: boolean;
  wraps: boolean;
  several: boolean;
}

export function View({ wanted, live, wraps, several }: Props) {
  const [sticks, setSticks] = useState(true);
  const isStuck = useRef(true);
  isStuck.current = sticks;
  const held = useSpan(wanted, live, () => isStuck.current);
  const { span, following, fault } = held;
  const area = useRef<HTMLDivElement>(null);
  const { go, scrolled } = useScrolling(area, held, sticks, setSticks);

  if (following.state === "refused") return <Failed fault={following.fault} />;
  if (fault && held.begins) return <Failed fault={fault} again={held.toEnd} />;
  if (held.begins) return <Loading what="Output is read" />;
  const count = countOf(span);
  const filtered = wanted.contains !== "" || wanted.matches !== "";
  return (
    <>
      <div class="output-head">
        <span class="hint" role="status">
          {statusOf(held, count, filtered)}
        </span>
        {live && <Tick label="Follow" on={sticks && held.streams} onChange={go.follow} />}
        <button type="button" onClick={go.start}>
          Jump to the start
        </button>
        <button type="button" onClick={go.end}>
          Jump to the end
        </button>
      </div>
      {fault && <Failed fault={fault} again={held.toEnd} />}
      {held.streams && <Stale following={following} />}
      <Area area={area} wraps={wraps} onScroll={scrolled}>
        {beforeOf(span) !== "" && (
          <button type="button" class="quiet" onClick={held.earlier} disabled={held.busy}>
            Earlier lines
          </button>
        )}
        {span.chunks.map((chunk) => (
          <Lines key={chunk.id} chunk={chunk} sought={wanted.contains} several={several} />
        ))}
        {span.after !== undefined && (
          <button type="button" class="quiet" onClick={held.later} disabled={held.busy}>
            Later lines
          </button>
        )}
      </Area>
    </>
  );
}

interface AreaProps {
  area: RefObject<HTMLDivElement | null>;
  wraps: boolean;
  onScroll: () => void;
  children: ComponentChildren;
}

function Area({ area, wraps, onScroll, children }: AreaProps) {
  const kind = wraps ? "output wraps" : "output";
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keys
    <section class={kind} ref={area} tabIndex={0} aria-label="Lines" onScroll={onScroll}>
      {children}
    </section>
  );
}

function statusOf({ span, busy, streams }: Held, count: number, filtered: boolean): string {
  if (count === 0) {
    if (busy) return "Output is read …";
    if (filtered) return beforeOf(span) === "" ? "No line is like that." : "No line is like that so far.";
    return streams ? "It has printed nothing yet." : "It has printed nothing.";
  }
  const whole = beforeOf(span) === "" && span.after === undefined;
  return `${counted(count, "line")}${filtered ? " like that" : ""}${whole ? "" : " of more"}${busy ? " …" : ""}`;
}

/** Stays at the end as long as that is looked at; else what is looked at stays where it is. */
function useScrolling(
  area: { readonly current: HTMLDivElement | null },
  held: Held,
  sticks: boolean,
  setSticks: (sticks: boolean) => void,
) {
  const anchor = useRef<{ line: Element; top: number } | null>(null);
  const to = useRef<"start" | "end" | null>(null);
  const lastTop = useRef(0);

  useLayoutEffect(() => {
    const shown = area.current;
    if (!shown) return;
    if (to.current === "start") shown.scrollTop = 0;
    else if (sticks || to.current === "end") shown.scrollTop = shown.scrollHeight;
    else if (anchor.current?.line.isConnected)
      shown.scrollTop += anchor.current.line.getBoundingClientRect().top - anchor.current.top;
    anchor.current = null;
    to.current = null;
    lastTop.current = shown.scrollTop;
  }, [held.span, sticks]);

  const holdOn = (line: Element | null | undefined) => {
    if (line) anchor.current = { line, top: line.getBoundingClientRect().top };
  };
  function scrolled() {
    const shown = area.current;
    if (!shown) return;
    const below = shown.scrollHeight - shown.clientHeight - shown.scrollTop;
    const up = shown.scrollTop < lastTop.current;
    lastTop.current = shown.scrollTop;
    if (below <= AT_END_PX && held.span.after === undefined) setSticks(true);
    else if (up) setSticks(false);
    if (held.busy) return;
    if (up && shown.scrollTop < NEAR_PX && beforeOf(held.span) !== "") {
      holdOn(shown.querySelector(".line"));
      held.earlier();
    } else if (!up && below < NEAR_PX && held.span.after !== undefined) {
      const lines = shown.querySelectorAll(".line");
      holdOn(lines[lines.length - 1]);
      held.later();
    }
  }
  const go = {
    start: () => {
      to.current = "start";
      setSticks(false);
      held.toStart();
    },
    end: () => {
      to.current = "end";
      setSticks(true);
      held.toEnd();
    },
    follow: (on: boolean) => {
      setSticks(on);
      if (on) held.toEnd();
    },
  };
  return { go, scrolled };
}
