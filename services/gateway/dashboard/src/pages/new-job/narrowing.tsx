// The ranges that a job's own trainings speak for, each to be taken or left.

import { Card } from "../../parts/card";
import { jobPath } from "../../shell/address";
import type { Proposal } from "./child";
import { useFilling } from "./form-parts";
import { isApplied, onlyValue, rangeText, withRange } from "./narrowed";

export function Narrowing({ of: { parent, narrowed, refused, mayWarmStart } }: { of: Proposal }) {
  const { fields, change } = useFilling();
  const before = new Map(parent.definitions[0]?.parameters.map((parameter) => [parameter.name, parameter]));
  return (
    <Card title={`Narrowed from ${parent.name}`}>
      {narrowed.length === 0 && (
        <p class="hint">
          {refused
            ? `Nothing is narrowed: ${refused}.`
            : "Its good trainings say of no range that another would be better."}{" "}
          The ranges are those of <a href={jobPath(parent.name)}>{parent.name}</a>.
        </p>
      )}
      <ul class="plain narrowed">
        {narrowed.map((item) => {
          const { parameter, reason } = item;
          const was = parameter && before.get(parameter.name);
          if (!parameter || !was) return null;
          const value = onlyValue(parameter);
          const applied = isApplied(fields, item);
          return (
            <li key={parameter.name}>
              <label class="tick">
                <input
                  type="checkbox"
                  checked={applied}
                  onChange={() => change(withRange(fields, applied ? was : parameter))}
                />
                <span>
                  <b>{parameter.name}</b>: <code>{rangeText(was)}</code> →{" "}
                  <code>{value === undefined ? rangeText(parameter) : `fixed: ${value}`}</code>
                </span>
              </label>
              <p class="hint">{reason}</p>
            </li>
          );
        })}
      </ul>
      {mayWarmStart && (
        <label class="tick">
          <input
            type="checkbox"
            checked={fields.warmStart === parent.name}
            onChange={({ currentTarget }) => change({ warmStart: currentTarget.checked ? parent.name : "" })}
          />
          It starts from what {parent.name} has found (warm start)
        </label>
      )}
    </Card>
  );
}
