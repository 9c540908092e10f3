import { useMemo } from "preact/hooks";
import type { TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { Card } from "../../parts/card";
import { trainingPath } from "../../shell/address";
import type { Trial } from "../../trainings/trials";
import { number } from "../../words/numbers";
import { bestByDefinition } from "./progress";

interface Props {
  job: TuningJob;
  trials: readonly Trial[];
  title?: string;
}

/** Of a job with several definitions: how well each of them does. */
export function Definitions({ job, trials, title = "Best of each definition" }: Props) {
  const bests = useMemo(() => bestByDefinition(job, trials), [job.spec, trials]);
  if (bests.length < 2) return null;
  return (
    <Card title={title}>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th>Definition</th>
              <th>Objective</th>
              <th class="number">Best</th>
              <th>Training</th>
              <th class="number">Ended</th>
            </tr>
          </thead>
          <tbody>
            {bests.map(({ definition, metric, best, ended }) => (
              <tr key={definition}>
                <td>{definition}</td>
                <td>{metric}</td>
                <td class="number">{best ? number(best.value) : "none yet"}</td>
                <td>{best && <a href={trainingPath(best.name)}>{best.name}</a>}</td>
                <td class="number">{ended}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
