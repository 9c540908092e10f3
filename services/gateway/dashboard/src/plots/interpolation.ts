// A surface between scattered points: each cell is the mean of the points weighted by their inverse squared distance
// (Shepard 1968). It is no model: it knows nothing of noise, and it says nothing where no point is near.

export interface Point {
  /** Shares of 0 ... 1. */
  x: number;
  y: number;
  value: number;
}

/** A cell's place, counted from 0, and its value. */
export interface Cell {
  column: number;
  row: number;
  value: number;
}

/** Between what nothing is: texts have no places in between, so each of them is by itself. */
export interface Apart {
  columns: boolean;
  rows: boolean;
}

const TOGETHER: Apart = { columns: false, rows: false };

/** Values in the cells that have a point within reach. */
export function surface(points: readonly Point[], columns: number, rows: number, apart = TOGETHER): Cell[] {
  const means = binned(points, columns, rows);
  const reach = Math.max(0.08, 1.6 / Math.sqrt(Math.max(1, means.length)));
  const cells: Cell[] = [];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const near = means.filter(
        ({ x, y }) =>
          !(apart.columns && Math.floor(x * columns) !== column) &&
          !(apart.rows && Math.floor(y * rows) !== row),
      );
      const value = valueAt((column + 0.5) / columns, (row + 0.5) / rows, near, reach);
      if (value !== undefined) cells.push({ column, row, value });
    }
  return cells;
}

function valueAt(x: number, y: number, points: readonly Point[], reach: number): number | undefined {
  let [sum, weights, nearest] = [0, 0, Number.POSITIVE_INFINITY];
  for (const point of points) {
    const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (distance < 1e-9) return point.value;
    nearest = Math.min(nearest, distance);
    sum += point.value / distance;
    weights += 1 / distance;
  }
  return nearest <= reach ** 2 ? sum / weights : undefined;
}

/** The means of the points of each cell, so that thousands cost no more than there are cells. */
function binned(points: readonly Point[], columns: number, rows: number): Point[] {
  const bins = new Map<number, Point & { count: number }>();
  for (const { x, y, value } of points) {
    const column = Math.min(columns - 1, Math.floor(x * columns));
    const row = Math.min(rows - 1, Math.floor(y * rows));
    const bin = bins.get(row * columns + column) ?? { x: 0, y: 0, value: 0, count: 0 };
    bin.x += x;
    bin.y += y;
    bin.value += value;
    bin.count += 1;
    bins.set(row * columns + column, bin);
  }
  return [...bins.values()].map(({ x, y, value, count }) => ({
    x: x / count,
    y: y / count,
    value: value / count,
  }));
}
