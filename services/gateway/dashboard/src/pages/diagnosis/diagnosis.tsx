import type { Finding } from "../../generated/tunewright/v1/tuning_service_pb";
import { Card } from "../../parts/card";
import { Live } from "../../parts/live";
import { Empty } from "../../parts/notices";
import { Said } from "../../parts/said";
import { Time } from "../../parts/time";
import { useAsked } from "../../rpc/asking";
import { operations } from "../../rpc/clients";
import { jobPath, trainingPath } from "../../shell/address";

/** Why things wait, and what to do about it, as `tunewright doctor` says it. */
export default function Diagnosis() {
  const { value, following } = useAsked((signal) => operations.diagnose({}, { signal }));
  return (
    <Card title="Diagnosis">
      <Live value={value} following={following} what="Jobs, trainers and services are looked at">
        {({ findings }) =>
          findings.length === 0 ? (
            <Empty title="Nothing waits that should not">
              <p>All jobs go on, all services answer.</p>
            </Empty>
          ) : (
            <Findings findings={findings} />
          )
        }
      </Live>
    </Card>
  );
}

export function Findings({ findings }: { findings: readonly Finding[] }) {
  return (
    <ol class="findings">
      {findings.map((finding) => (
        <li key={`${finding.cause}/${finding.job}/${finding.training}`}>
          <p>
            <b>
              <Said text={finding.text} />
            </b>
          </p>
          {finding.remedy && (
            <p>
              <Said text={finding.remedy} />
            </p>
          )}
          <p class="hint">
            <code>{finding.cause}</code>
            {finding.job && (
              <>
                {" · "}
                <a href={jobPath(finding.job)}>{finding.job}</a>
              </>
            )}
            {finding.training && (
              <>
                {" · "}
                <a href={trainingPath(finding.training)}>{finding.training}</a>
              </>
            )}
            {finding.since && (
              <>
                {" · since "}
                <Time at={finding.since} />
              </>
            )}
          </p>
        </li>
      ))}
    </ol>
  );
}
