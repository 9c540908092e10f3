// Which rows of a long table are drawn: those in sight, and some around them.

export interface Window {
  /** Index of the first row drawn, and of the one after the last. */
  from: number;
  to: number;
  /** Height of what is left out above and below. */
  above: number;
  below: number;
}

export const AROUND = 6;

export function windowed(rows: number, rowHeight: number, scrolled: number, height: number): Window {
  const inSight = Math.ceil(height / rowHeight) + 2 * AROUND;
  const last = Math.max(0, rows - inSight);
  const from = Math.min(last, Math.max(0, Math.floor(scrolled / rowHeight) - AROUND));
  const to = Math.min(rows, from + inSight);
  return { from, to, above: from * rowHeight, below: (rows - to) * rowHeight };
}
