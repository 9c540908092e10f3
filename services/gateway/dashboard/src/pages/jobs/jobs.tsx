import { TuningJobOrder } from "../../generated/tunewright/v1/tuning_service_pb";
import { Badge } from "../../parts/badge";
import { Card } from "../../parts/card";
import { Await, Empty } from "../../parts/notices";
import { Time } from "../../parts/time";
import { tuning } from "../../rpc/clients";
import { useLoaded } from "../../rpc/loading";
import { jobPath } from "../../shell/address";
import { jobState } from "../../words/states";

const PAGE_SIZE = 50;

export default function Jobs() {
  const jobs = useLoaded(
    (signal) =>
      tuning.listTuningJobs(
        { pageSize: PAGE_SIZE, order: TuningJobOrder.CREATED_AT, descending: true, withBest: true },
        { signal },
      ),
    [],
  );
  return (
    <Card title="Tuning jobs">
      <Await of={jobs} what="Jobs are read">
        {({ jobs }) =>
          jobs.length === 0 ? (
            <Empty title="There are no tuning jobs yet">
              <p>
                <a href="/new">Make one here</a>, or on the command line:{" "}
                <code>tunewright tune train.py</code>
              </p>
            </Empty>
          ) : (
            <div class="wide">
              <table>
                <thead>
                  <tr>
                    <th>Name</th>
                    <th>State</th>
                    <th>Created</th>
                  </tr>
                </thead>
                <tbody>
                  {jobs.map((job) => (
                    <tr key={job.uid}>
                      <td>
                        <a href={jobPath(job.spec?.name ?? job.uid)}>{job.spec?.name}</a>
                      </td>
                      <td>
                        <Badge of={jobState(job.state)} />
                      </td>
                      <td>
                        <Time at={job.createdAt} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Await>
    </Card>
  );
}
