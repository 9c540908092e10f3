// Actions that only ask, or ask for a name and a number.

import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { TuningJob } from "../../../generated/tunewright/v1/tuning_service_pb";
import { Asking } from "../../../parts/asking";
import { tuning } from "../../../rpc/clients";
import { jobPath } from "../../../shell/address";
import { countersOf, failedOf } from "../../../words/jobs";
import { several } from "../../../words/numbers";
import { hasEnded } from "../../../words/states";
import { wholeNumber } from "./reading";

export interface Doing {
  job: TuningJob;
  /** The job as an action has left it. */
  done: (job: TuningJob | undefined) => void;
  close: () => void;
}

export function Stop({ job, done, close }: Doing) {
  const { inProgress } = countersOf(job);
  const act = async () => done((await tuning.stopTuningJob({ job: job.uid })).job);
  return (
    <Asking title={`Stop ${job.spec?.name}?`} does="Stop the job" danger act={act} close={close}>
      <p>
        Nothing more is started
        {inProgress > 0 && `, and ${several(inProgress, "training")} under way ${are(inProgress)} stopped`}.
        What has been found stays. A job that was stopped can be extended by a new one, and does not go on
        itself.
      </p>
    </Asking>
  );
}

const are = (count: number): string => (count === 1 ? "is" : "are");

export function Delete({ job, close }: Doing) {
  const { route } = useLocation();
  const act = async () => {
    await tuning.deleteTuningJob({ job: job.uid });
    route("/jobs");
  };
  return (
    <Asking
      title={`Delete ${job.spec?.name}?`}
      does={`Delete ${job.spec?.name}`}
      danger
      act={act}
      close={close}
    >
      <p>
        The job, its trainings, their measurements and output are removed. Models stay where they are. The
        name is free again. This cannot be undone.
      </p>
    </Asking>
  );
}

export function Retry({ job, done, close }: Doing) {
  const { route } = useLocation();
  const act = async (requestId: string) => {
    const { job: goesOn } = await tuning.retryTuningJob({ job: job.uid, requestId });
    if (goesOn && goesOn.uid !== job.uid) route(jobPath(goesOn.spec?.name ?? goesOn.uid));
    else done(goesOn);
  };
  return (
    <Asking title="Retry what has failed?" does="Retry" act={act} close={close}>
      <p>
        The configurations of {several(failedOf(job), "failed training")} are run again, those that were not
        already:{" "}
        {hasEnded(job.state)
          ? "in a new job, for this one has ended."
          : "in this job, whose limit grows by as many."}
      </p>
    </Asking>
  );
}

const EXTENSION: Record<string, string> = {
  name: "Name",
  max_trainings: "Trainings",
  "limits.max_trainings": "Trainings",
};

export function Extend({ job, close }: Doing) {
  const { route } = useLocation();
  const [name, setName] = useState("");
  const [trainings, setTrainings] = useState("");
  const act = async (requestId: string) => {
    const limit = trainings.trim() ? { maxTrainings: wholeNumber(trainings, "Trainings") } : {};
    const request = { job: job.uid, name: name.trim(), requestId, ...limit };
    const { job: created } = await tuning.extendTuningJob(request);
    if (created) route(jobPath(created.spec?.name ?? created.uid));
  };
  return (
    <Asking
      title={`Extend ${job.spec?.name}`}
      does="Make the new job"
      act={act}
      called={(field) => EXTENSION[field]}
      close={close}
    >
      <p>A new job goes on where this one has ended. It knows all results of this one.</p>
      <label>
        Name
        <input
          value={name}
          maxLength={32}
          placeholder={`${job.spec?.name}-2, or the next number`}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
      </label>
      <label>
        Trainings
        <input
          inputMode="numeric"
          value={trainings}
          placeholder={String(job.spec?.limits?.maxTrainings ?? "no limit")}
          onInput={({ currentTarget }) => setTrainings(currentTarget.value)}
        />
      </label>
    </Asking>
  );
}
