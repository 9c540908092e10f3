import { useState } from "preact/hooks";
import { Strategy } from "../../generated/tunewright/v1/spec_pb";
import { Asking } from "../../parts/asking";
import { OneMore } from "../../parts/one-more";
import { tuning } from "../../rpc/clients";
import { hasEnded } from "../../words/states";
import { More } from "./more";
import type { Known } from "./use-training";

export interface Doing {
  of: Known;
  again: () => void;
  close: () => void;
}

const DIALOGS = { stop: Stop, enqueue: Enqueue, more: More } as const;

/** All that may be done to a training as it is, and with it. */
export function Actions({ of, again }: { of: Known; again: () => void }) {
  const [asked, ask] = useState<keyof typeof DIALOGS>();
  const { training, job, ended } = of;
  const Dialog = asked && DIALOGS[asked];
  const best = job?.best;
  return (
    <div class="actions">
      {best && best.id !== training.id && (
        <a class="button" href={`/compare?trainings=${[training.name, best.name].map(encodeURIComponent)}`}>
          Compare with the best
        </a>
      )}
      {job && !hasEnded(job.state) && (
        <button type="button" onClick={() => ask("enqueue")}>
          Enqueue again
        </button>
      )}
      {!ended && (
        <button type="button" onClick={() => ask("more")}>
          More
        </button>
      )}
      {!ended && training.status !== "Stopping" && (
        <button type="button" class="danger" onClick={() => ask("stop")}>
          Stop
        </button>
      )}
      {Dialog && <Dialog of={of} again={again} close={() => ask(undefined)} />}
    </div>
  );
}

function Stop({ of: { training }, again, close }: Doing) {
  const act = async () => {
    await tuning.stopTrainingJob({ training: training.id });
    again();
  };
  return (
    <Asking title={`Stop ${training.name}?`} does="Stop the training" danger act={act} close={close}>
      <p>
        Its program is told to end. What it has said till then stays, and its last objective value counts.
        {!training.alone && " Its tuning job goes on."}
      </p>
    </Asking>
  );
}

function Enqueue({ of: { training, job }, again, close }: Doing) {
  const [oneMore, setOneMore] = useState(false);
  if (!job) return null;
  // That of a grid follows from what it has to run.
  const limit = job.spec?.strategy === Strategy.GRID ? undefined : job.spec?.limits?.maxTrainings;
  const act = async (requestId: string) => {
    await tuning.amendTuningJob({
      job: job.uid,
      expectedRevision: job.specRevision,
      requestId,
      enqueue: [{ configuration: training.configuration, definitionName: training.definitionName }],
      ...(oneMore && limit !== undefined ? { maxTrainings: limit + 1 } : {}),
    });
    again();
  };
  return (
    <Asking title="Run this configuration again" does="Run it next" act={act} close={close}>
      <p>
        It goes before what the strategy proposes, and counts as one of the trainings of {job.spec?.name}.
      </p>
      {limit !== undefined && <OneMore limit={limit} chosen={oneMore} choose={setOneMore} />}
    </Asking>
  );
}
