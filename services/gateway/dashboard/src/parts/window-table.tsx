// A table of thousands of rows: all rows are equally high, and only those in sight are drawn.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import "./window-table.css";
import { oncePerFrame } from "./frames";
import { windowed } from "./windowing";

const ROW_HEIGHT = 33;
const FIRST_HEIGHT = 600;

export interface Column<Row> {
  name: string;
  title: ComponentChildren;
  /** In pixels: widths do not follow what happens to be in sight. */
  width: number;
  /** Figures stand at the right. */
  figures?: boolean;
  cell: (row: Row) => ComponentChildren;
  /** How the rows are sorted by it now, where they are. */
  sorted?: "ascending" | "descending" | undefined;
}

interface Props<Row> {
  /** What it lists, for who cannot see it. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string | number;
  isChosen?: (row: Row) => boolean;
}

export function WindowTable<Row>({ label, columns, rows, rowKey, isChosen }: Props<Row>) {
  const scroller = useRef<HTMLElement>(null);
  const [{ scrolled, height }, see] = useState({ scrolled: 0, height: FIRST_HEIGHT });
  useEffect(() => {
    const area = scroller.current;
    if (!area) return;
    const look = oncePerFrame(() => see({ scrolled: area.scrollTop, height: area.clientHeight }));
    const size = new ResizeObserver(look.ask);
    area.addEventListener("scroll", look.ask, { passive: true });
    size.observe(area);
    return () => {
      area.removeEventListener("scroll", look.ask);
      size.disconnect();
      look.drop();
    };
  }, []);
  const { from, to, above, below } = windowed(rows.length, ROW_HEIGHT, scrolled, height);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keys
    <section class="window" ref={scroller} tabIndex={0} aria-label={label}>
      <table
        aria-rowcount={rows.length + 1}
        style={{ width: `${columns.reduce((sum, { width }) => sum + width, 0)}px` }}
      >
        <colgroup>
          {columns.map(({ name, width }) => (
            <col key={name} style={{ width: `${width}px` }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map(({ name, title, figures, sorted }) => (
              <th key={name} scope="col" class={figures ? "number" : undefined} aria-sort={sorted}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody onKeyDown={goByArrow}>
          <Beyond columns={columns.length} height={above} />
          {rows.slice(from, to).map((row, at) => (
            <tr
              key={rowKey(row)}
              aria-rowindex={from + at + 2}
              class={isChosen?.(row) ? "chosen" : undefined}
              style={{ height: `${ROW_HEIGHT}px` }}
            >
              {columns.map(({ name, figures, cell }) => (
                <td key={name} class={figures ? "number" : undefined}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
          <Beyond columns={columns.length} height={below} />
        </tbody>
      </table>
    </section>
  );
}

/** Takes the place of rows that are not drawn. */
function Beyond({ columns, height }: { columns: number; height: number }) {
  if (height === 0) return null;
  return (
    <tr class="beyond">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}

/** The arrows lead from a row's link to the one of the row below or above. */
function goByArrow(event: KeyboardEvent): void {
  const here = event.target;
  if (!(here instanceof HTMLElement) || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
  const row = here.closest("tr");
  const next = event.key === "ArrowDown" ? row?.nextElementSibling : row?.previousElementSibling;
  const there = next?.querySelector<HTMLElement>(here.matches("input") ? "input" : "a");
  if (!there) return;
  event.preventDefault();
  there.focus();
}
