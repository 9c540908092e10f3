import { Fragment } from "preact";
import { useMemo } from "preact/hooks";
import {
  ObjectiveState,
  TrainingState,
  type TuningJob,
} from "../../generated/tunewright/v1/tuning_service_pb";
import { Card } from "../../parts/card";
import { Await } from "../../parts/notices";
import { useSettled } from "../../plots/settled";
import { tuning } from "../../rpc/clients";
import { useLoaded } from "../../rpc/loading";
import { trainingPath } from "../../shell/address";
import type { Trial } from "../../trainings/trials";
import { failedOf } from "../../words/jobs";
import { several } from "../../words/numbers";
import { objectiveOf } from "../../words/specs";
import { byReason } from "./failing";

const MOST = 1000;
const EVERY_MS = 3000;

/** Why trainings have failed; nothing where none has. */
export function Failures({ job, trials }: { job: TuningJob; trials: readonly Trial[] }) {
  const failed = failedOf(job);
  const silent = useMemo(
    () =>
      trials.filter(
        ({ state, objectiveState }) =>
          state === TrainingState.COMPLETED && objectiveState === ObjectiveState.FAILED,
      ),
    [trials],
  );
  if (failed === 0 && silent.length === 0) return null;
  return (
    <Card title="Failures">
      {failed > 0 && <Reasons job={job} failed={failed} />}
      <WithoutObjective job={job} silent={silent} />
    </Card>
  );
}

function Reasons({ job, failed }: { job: TuningJob; failed: number }) {
  const known = useSettled(failed, EVERY_MS);
  const list = useLoaded(
    async (signal) =>
      (
        await tuning.listTrainingJobs(
          { job: job.uid, pageSize: MOST, stateEquals: TrainingState.FAILED, descending: true },
          { signal },
        )
      ).trainings,
    [job.uid, known],
  );
  return (
    <Await of={list} what="Reasons are read">
      {(trainings) => (
        <div class="wide">
          <table>
            <thead>
              <tr>
                <th class="number narrow">Trainings</th>
                <th>Reason</th>
                <th>The last one</th>
              </tr>
            </thead>
            <tbody>
              {byReason(trainings).map(({ reason, count, example }) => (
                <tr key={example}>
                  <td class="number">{count}</td>
                  <td class="said">{reason}</td>
                  <td>
                    <a href={trainingPath(example)}>{example}</a>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {failed > MOST && <p class="hint">Of the last {several(MOST, "failed training")}.</p>}
        </div>
      )}
    </Await>
  );
}

function WithoutObjective({ job, silent }: { job: TuningJob; silent: readonly Trial[] }) {
  const last = silent.at(-1);
  if (!last) return null;
  const metrics = new Set(silent.map(({ definition }) => objectiveOf(job.spec, definition)?.metricName));
  return (
    <p>
      {several(silent.length, "training")} completed without a value of{" "}
      {[...metrics].map((metric, at) => (
        <Fragment key={metric}>
          {at > 0 && " or "}
          <code>{metric}</code>
        </Fragment>
      ))}
      , the last one <a href={trainingPath(last.name)}>{last.name}</a>.
    </p>
  );
}
