// The trainings that were stopped early, as a list: what a mark on a curve says is read here without a mouse.

import { useState } from "preact/hooks";
import { Await } from "../../parts/notices";
import { tuning } from "../../rpc/clients";
import { useLoaded } from "../../rpc/loading";
import { trainingPath } from "../../shell/address";
import type { Trial } from "../../trainings/trials";
import { several } from "../../words/numbers";
import { outcome } from "../outcomes";

const LISTED = 20;

export function StoppedTrainings({ trials }: { trials: readonly Trial[] }) {
  const [most, setMost] = useState(LISTED);
  const stopped = trials.filter((trial) => outcome(trial) === "stopped");
  if (stopped.length === 0) return null;
  return (
    <details>
      <summary>Why {several(stopped.length, "training")} stopped early</summary>
      <ul class="stopped-trainings">
        {stopped.slice(0, most).map((trial) => (
          <Stopped key={trial.number} trial={trial} />
        ))}
      </ul>
      {stopped.length > most && (
        <button type="button" onClick={() => setMost(most + LISTED)}>
          Show more of {stopped.length.toLocaleString("en")}
        </button>
      )}
    </details>
  );
}

function Stopped({ trial }: { trial: Trial }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <li>
      <span class="number">{trial.number}</span> <a href={trainingPath(trial.name)}>{trial.name}</a>{" "}
      <button
        type="button"
        class="quiet"
        aria-expanded={isOpen}
        aria-label={`Why ${trial.name} was stopped`}
        onClick={() => setOpen(!isOpen)}
      >
        Why
      </button>{" "}
      {isOpen && <Reason trial={trial} />}
    </li>
  );
}

/** Why a training ended where it did, in a sentence. */
export function Reason({ trial }: { trial: Trial }) {
  const training = useLoaded(
    (signal) => tuning.getTrainingJob({ training: trial.name }, { signal }),
    [trial.name],
  );
  return (
    <Await of={training} what="It is read">
      {(answer) => <span>{answer.training?.stoppedEarly?.text || answer.training?.reason}</span>}
    </Await>
  );
}
