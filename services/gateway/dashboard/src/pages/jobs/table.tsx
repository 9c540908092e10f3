import type { TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { Badge } from "../../parts/badge";
import { Progress } from "../../parts/progress";
import { Time } from "../../parts/time";
import { jobPath, trainingPath, useQueryChange } from "../../shell/address";
import { endedOf, limitOf } from "../../words/jobs";
import { number } from "../../words/numbers";
import { jobState } from "../../words/states";
import { turned } from "./listing";

interface Props {
  jobs: readonly TuningJob[];
  order: string;
  /** Names. */
  chosen: ReadonlySet<string>;
  onChoose: (chosen: ReadonlySet<string>) => void;
}

export function JobTable({ jobs, order, chosen, onChoose }: Props) {
  const spends = jobs.some(({ cost }) => cost?.spent);
  const choose = (name: string) => {
    const now = new Set(chosen);
    if (!now.delete(name)) now.add(name);
    onChoose(now);
  };
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th>
              <span class="unseen">Choose</span>
            </th>
            <Head column="name" word="Name" order={order} />
            <Head column="state" word="State" order={order} />
            <th class="number">Best value</th>
            <th>Trainings</th>
            {spends && <th class="number">Spent</th>}
            <th>Owner</th>
            <Head column="created" word="Created" order={order} />
            <Head column="changed" word="Changed" order={order} />
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => {
            const name = job.spec?.name ?? job.uid;
            return (
              <tr key={job.uid}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Compare ${name}`}
                    checked={chosen.has(name)}
                    onChange={() => choose(name)}
                  />
                </td>
                <td>
                  <a href={jobPath(name)}>{name}</a>
                </td>
                <td title={job.reason}>
                  <Badge of={jobState(job.state)} />
                </td>
                <td class="number">
                  {job.best && (
                    <a href={trainingPath(job.best.name)} title={`by training ${job.best.number}`}>
                      {number(job.best.objectiveValue)}
                    </a>
                  )}
                </td>
                <td>
                  <Progress done={endedOf(job)} of={limitOf(job)} />
                </td>
                {spends && <td class="number">{number(job.cost?.spent)}</td>}
                <td>{job.owner}</td>
                <td>
                  <Time at={job.createdAt} />
                </td>
                <td>
                  <Time at={job.modifiedAt} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Head({ column, word, order }: { column: string; word: string; order: string }) {
  const change = useQueryChange();
  const down = order === `-${column}`;
  const sorted = down ? "descending" : order === column ? "ascending" : "none";
  return (
    <th aria-sort={sorted}>
      <button type="button" onClick={() => change({ order: turned(order, column), page: "" })}>
        {word} {sorted === "none" ? "" : down ? "↓" : "↑"}
      </button>
    </th>
  );
}
