// Axes as rows, by which they are moved, hidden and brushed without a mouse.

import type { Axis } from "../axes";
import { type Brushes, OBJECTIVE } from "../brushing";
import { moved } from "./order";

type Range = readonly [number, number];

interface Props {
  axes: readonly Axis[];
  metric: string;
  /** Names of those that are not shown. */
  hidden: readonly string[];
  brushes: Brushes;
  onBrush: (name: string, range: Range | undefined) => void;
  onOrder: (order: string[]) => void;
}

export function AxisRows({ axes, metric, hidden, brushes, onBrush, onOrder }: Props) {
  const order = axes.map(({ name }) => name).filter((name) => name !== OBJECTIVE);
  return (
    <>
      <table class="axis-rows">
        <thead>
          <tr>
            <th>Axis</th>
            <th>From</th>
            <th>To</th>
            <th>Place</th>
          </tr>
        </thead>
        <tbody>
          {axes.map((axis) => {
            const words = axis.name === OBJECTIVE ? metric : axis.name;
            const brush = (range: Range | undefined) => onBrush(axis.name, range);
            return (
              <tr key={axis.name}>
                <th scope="row">{words}</th>
                <End axis={axis} words={words} end={0} range={brushes[axis.name]} onBrush={brush} />
                <End axis={axis} words={words} end={1} range={brushes[axis.name]} onBrush={brush} />
                <td>
                  {axis.name !== OBJECTIVE && <Moves name={axis.name} order={order} onOrder={onOrder} />}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {hidden.length > 0 && (
        <p class="axis-hidden">
          Not shown:{" "}
          {hidden.map((name) => (
            <button key={name} type="button" onClick={() => onOrder([...order, name])}>
              + {name}
            </button>
          ))}
        </p>
      )}
    </>
  );
}

interface EndProps {
  axis: Axis;
  words: string;
  end: 0 | 1;
  range: Range | undefined;
  onBrush: (range: Range | undefined) => void;
}

/** One end of a brush: empty, it is the axis' own. */
function End({ axis, words, end, range, onBrush }: EndProps) {
  const label = `${words} ${end === 0 ? "from" : "to"}`;
  const given = range?.[end];
  function set(text: string) {
    const value = text === "" ? (end === 0 ? axis.low : axis.high) : Number(text);
    const next: Range = end === 0 ? [value, range?.[1] ?? axis.high] : [range?.[0] ?? axis.low, value];
    if (Number.isFinite(value)) onBrush(next[0] <= axis.low && next[1] >= axis.high ? undefined : next);
  }
  if (axis.kind === "category")
    return (
      <td>
        <select
          aria-label={label}
          value={given === undefined ? "" : String(end === 0 ? Math.ceil(given) : Math.floor(given))}
          onChange={(event) => set(event.currentTarget.value)}
        >
          <option value="" />
          {axis.categories.map((category, at) => (
            <option key={category} value={String(at)}>
              {category}
            </option>
          ))}
        </select>
      </td>
    );
  return (
    <td>
      <input
        type="number"
        step="any"
        aria-label={label}
        value={given === undefined ? "" : Number(given.toPrecision(6))}
        placeholder={String(Number((end === 0 ? axis.low : axis.high).toPrecision(6)))}
        onChange={(event) => set(event.currentTarget.value)}
      />
    </td>
  );
}

interface MovesProps {
  name: string;
  order: readonly string[];
  onOrder: (order: string[]) => void;
}

function Moves({ name, order, onOrder }: MovesProps) {
  return (
    <>
      <button
        type="button"
        aria-label={`Move ${name} left`}
        disabled={order[0] === name}
        onClick={() => onOrder(moved(order, name, -1))}
      >
        ←
      </button>
      <button
        type="button"
        aria-label={`Move ${name} right`}
        disabled={order.at(-1) === name}
        onClick={() => onOrder(moved(order, name, 1))}
      >
        →
      </button>
      <button
        type="button"
        aria-label={`Hide ${name}`}
        disabled={order.length === 1}
        onClick={() => onOrder(order.filter((one) => one !== name))}
      >
        ×
      </button>
    </>
  );
}
