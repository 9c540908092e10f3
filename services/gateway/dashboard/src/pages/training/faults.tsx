import type { ReadingFault } from "../../generated/tunewright/v1/tuning_service_pb";
import { Card } from "../../parts/card";
import { several } from "../../words/numbers";
import { remedyOf, whatOf } from "./misread";

/** What was read of its metrics and is no number, with what to do about it. */
export function Faults({ faults }: { faults: readonly ReadingFault[] }) {
  if (faults.length === 0) return null;
  return (
    <Card title="What could not be read">
      <ul class="findings">
        {faults.map((fault) => (
          <li key={`${fault.kind} ${fault.metric}`}>
            <p>
              <strong>{fault.metric || "The metrics file"}</strong>: {whatOf(fault)}
              {fault.count > 0n && fault.kind !== "missing" && `, ${several(Number(fault.count), "time")}`}
            </p>
            {fault.example && (
              <p class="printed">
                <code>{fault.example}</code>
              </p>
            )}
            <p class="hint">{remedyOf(fault)}</p>
          </li>
        ))}
      </ul>
    </Card>
  );
}
