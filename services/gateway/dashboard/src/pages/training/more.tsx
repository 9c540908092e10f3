// What a person may decide in place of the system.

import { useState } from "preact/hooks";
import { TrainingState } from "../../generated/tunewright/v1/tuning_service_pb";
import { Asking } from "../../parts/asking";
import { Wrong } from "../../parts/wrong";
import { operations } from "../../rpc/clients";
import type { Doing } from "./actions";

const ENDS = {
  COMPLETED: "Completed: it has done its work",
  STOPPED: "Stopped: it was ended before that",
  FAILED: "Failed: its configuration does not work",
} as const;
type End = keyof typeof ENDS;

export function More({ of: { training }, again, close }: Doing) {
  const [does, setDoes] = useState<"release" | "settle">("release");
  const [reason, setReason] = useState("");
  const [state, setState] = useState<End>("FAILED");
  const [value, setValue] = useState("");
  const act = async () => {
    if (!reason.trim()) throw new Wrong("Reason", "is missing", "Say why: it is kept with the training");
    if (does === "release") await operations.releaseTrainingJob({ training: training.id, reason });
    else {
      const objectiveValue = value.trim() === "" || state === "FAILED" ? undefined : Number(value);
      if (Number.isNaN(objectiveValue))
        throw new Wrong("Objective value", "is no number", "Write it like 0.25");
      await operations.settleTrainingJob({
        training: training.id,
        state: TrainingState[state],
        reason,
        ...(objectiveValue === undefined ? {} : { objectiveValue }),
      });
    }
    again();
  };
  return (
    <Asking
      title={`More for ${training.name}`}
      does={does === "release" ? "Release it" : "Settle it"}
      danger
      act={act}
      close={close}
    >
      <fieldset class="ways">
        <legend>For operators</legend>
        <Way
          name="Release"
          on={does === "release"}
          choose={() => setDoes("release")}
          means="Takes it from the trainer that holds it, as if that one were lost, and lets another run it. It may run on there for some seconds. No loss is counted."
        />
        <Way
          name="Settle"
          on={does === "settle"}
          choose={() => setDoes("settle")}
          means="Ends it with what you know of it. A trainer that runs it is told to stop and forget it. This cannot be undone."
        />
      </fieldset>
      {does === "settle" && (
        <>
          <label>
            Its end
            <select value={state} onChange={({ currentTarget }) => setState(currentTarget.value as End)}>
              {Object.entries(ENDS).map(([end, words]) => (
                <option key={end} value={end}>
                  {words}
                </option>
              ))}
            </select>
          </label>
          {state !== "FAILED" && (
            <label>
              Objective value, if it has one
              <input
                inputMode="decimal"
                value={value}
                onInput={({ currentTarget }) => setValue(currentTarget.value)}
              />
            </label>
          )}
        </>
      )}
      <label>
        Reason
        <input
          value={reason}
          maxLength={200}
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </label>
    </Asking>
  );
}

interface WayProps {
  name: string;
  means: string;
  on: boolean;
  choose: () => void;
}

function Way({ name, means, on, choose }: WayProps) {
  return (
    <label class="way">
      <input type="radio" name="way" checked={on} onChange={choose} />
      <span>
        <b>{name}</b>
        <span class="hint">{means}</span>
      </span>
    </label>
  );
}
