import type { Finding, TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { Card } from "../../parts/card";
import { Time } from "../../parts/time";

/** All that a job waits for, who can do something about it, and what. */
export function Findings({ job }: { job: TuningJob }) {
  if (job.findings.length === 0)
    return job.waitingFor ? <p class="hint waits">Waiting: {job.waitingFor}</p> : null;
  return (
    <Card title="What it waits for">
      <ul class="told">
        {job.findings.map((finding) => (
          <li key={finding.cause + finding.training}>
            <Waits finding={finding} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Waits({ finding: { text, remedy, since } }: { finding: Finding }) {
  return (
    <>
      <p>
        {text}
        {since && (
          <span class="hint">
            {" "}
            since <Time at={since} />
          </span>
        )}
      </p>
      {remedy && <p class="remedy">{remedy}</p>}
    </>
  );
}
