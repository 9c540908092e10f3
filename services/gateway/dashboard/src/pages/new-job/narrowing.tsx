// The ranges that a job's own trainings speak for, each to be taken or left.

import type { Narrowed } from "../../generated/tunewright/v1/metrics_service_pb";
import type { Parameter } from "../../generated/tunewright/v1/spec_pb";
import { Card } from "../../parts/card";
import { jobPath } from "../../shell/address";
import { definitionOf, type Proposal } from "./child";
import { useFilling } from "./form-parts";
import { isApplied, onlyValue, rangeText, withRange } from "./narrowed";

export function Narrowing({ of: { parent, narrowed, refused, mayWarmStart } }: { of: Proposal }) {
  const { fields, change } = useFilling();
  const several = parent.definitions.length > 1; // of which the form shows none
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
      {several && narrowed.length > 0 && (
        <p class="hint">The job file begins with these ranges; what you do not want is changed there.</p>
      )}
      <ul class="plain narrowed">
        {narrowed.map((item) => {
          const { parameter, definitionName, reason } = item;
          const was = definitionOf(parent, item)?.parameters.find(({ name }) => name === parameter?.name);
          if (!parameter || !was) return null;
          const ranges = { was, now: parameter };
          return (
            <li key={`${definitionName} ${parameter.name}`}>
              {several ? <Change {...ranges} definition={definitionName} /> : <Taken {...ranges} of={item} />}
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

interface Ranges {
  was: Parameter;
  now: Parameter;
}

/** A tick that takes the range into the form, or leaves it as it was. */
function Taken({ of, was, now }: Ranges & { of: Narrowed }) {
  const { fields, change } = useFilling();
  const applied = isApplied(fields, of);
  return (
    <label class="tick">
      <input
        type="checkbox"
        checked={applied}
        onChange={() => change(withRange(fields, applied ? was : now))}
      />
      <Change was={was} now={now} />
    </label>
  );
}

function Change({ was, now, definition }: Ranges & { definition?: string }) {
  const value = onlyValue(now);
  return (
    <span>
      <b>{now.name}</b>
      {definition && ` of ${definition}`}: <code>{rangeText(was)}</code> →{" "}
      <code>{value === undefined ? rangeText(now) : `fixed: ${value}`}</code>
    </span>
  );
}
