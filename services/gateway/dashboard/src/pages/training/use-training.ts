// A training as it is now, with what it runs under.
//
// It is asked for again until it has ended, in place of WatchTuningJob: a watch tells every change of every training of
// the job, and of none its attempts, transitions and faults, so that it would have to be asked for all the same; and it
// holds one of the six connections that a browser has. One answer reads two documents.

import { useState } from "preact/hooks";
import type { Definition, TuningJobSpec } from "../../generated/tunewright/v1/spec_pb";
import type { TrainingJob, TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { useAsked } from "../../rpc/asking";
import { tuning } from "../../rpc/clients";
import type { Following } from "../../rpc/following";
import { useLoaded } from "../../rpc/loading";
import { trainingHasEnded } from "../../words/states";

const PERIOD_MS = 1500;

export interface Known {
  training: TrainingJob;
  spec: TuningJobSpec;
  definition: Definition | undefined;
  /** Its tuning job; undefined: not read yet, or it runs by itself. */
  job: TuningJob | undefined;
  ended: boolean;
}

interface Followed {
  known: Known | undefined;
  following: Following;
  /** Ask now: something was changed. */
  again: () => void;
}

export function useTraining(name: string): Followed {
  const [changes, setChanges] = useState(0);
  const {
    value: answer,
    following,
    again,
  } = useAsked((signal) => ask(name, signal), {
    keys: [name],
    everyMs: PERIOD_MS,
    isFinal: ({ training }) => trainingHasEnded(training),
  });
  const training = answer?.training;
  const job = useLoaded(
    async (signal) =>
      training && !training.alone
        ? (await tuning.getTuningJob({ job: training.uid, withoutFindings: true }, { signal })).job
        : undefined,
    [training?.uid, training?.state, changes],
  ).value;
  return {
    known: answer && {
      ...answer,
      definition: definitionOf(answer.spec, answer.training),
      job,
      ended: trainingHasEnded(answer.training),
    },
    following,
    again: () => {
      again();
      setChanges((count) => count + 1); // of its job, too
    },
  };
}

async function ask(name: string, signal: AbortSignal) {
  const { training, spec } = await tuning.getTrainingJob({ training: name }, { signal });
  if (!training || !spec) throw new Error(`the server's answer has no training ${name}`);
  return { training, spec };
}

const definitionOf = ({ definitions }: TuningJobSpec, training: TrainingJob): Definition | undefined =>
  definitions.find(({ name }) => name === training.definitionName) ?? definitions[0];
