import { useEffect, useState } from "preact/hooks";
import { useQuery } from "../../../shell/address";
import { STATES } from "./choosing";
import { type Told, written } from "./columns";

const TYPED_MS = 120;

/** What the table is filtered by, and which columns it has. */
export function Filters({ columns, shown }: { columns: readonly Told[]; shown: readonly Told[] }) {
  const [state, setState] = useQuery("state");
  return (
    <search class="filters">
      <Sought />
      <label>
        State
        <select value={state} onChange={({ currentTarget }) => setState(currentTarget.value)}>
          <option value="">All</option>
          {Object.entries(STATES).map(([name, word]) => (
            <option key={name} value={name}>
              {word}
            </option>
          ))}
        </select>
      </label>
      <ColumnChoice columns={columns} shown={shown} />
    </search>
  );
}

/** Typing is shown at once; the table and the URL follow when it pauses. */
function Sought() {
  const [text, setText] = useQuery("text");
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    if (typed === text) return;
    const timer = setTimeout(() => setText(typed), TYPED_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <label>
      Search
      <input
        type="search"
        placeholder="Name, parameter=value, trainer …"
        value={typed}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
    </label>
  );
}

function ColumnChoice({ columns, shown }: { columns: readonly Told[]; shown: readonly Told[] }) {
  const [, setNames] = useQuery("columns");
  const names = shown.map(({ name }) => name);
  const toggle = (name: string) =>
    setNames(written(names.includes(name) ? names.filter((item) => item !== name) : [...names, name]));
  return (
    <details class="menu">
      <summary>Columns</summary>
      <fieldset>
        <legend class="unseen">Columns of the table</legend>
        {columns.map(({ name, title }) => (
          <label key={name} class="tick">
            <input
              type="checkbox"
              checked={names.includes(name)}
              disabled={names.length === 1 && names[0] === name}
              onChange={() => toggle(name)}
            />
            {title}
          </label>
        ))}
        <button type="button" onClick={() => setNames("")}>
          As usual
        </button>
      </fieldset>
    </details>
  );
}
