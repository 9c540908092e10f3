import { useMemo, useState } from "preact/hooks";
import type { TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { Badge } from "../../parts/badge";
import { Failed, Loading } from "../../parts/notices";
import { tuning } from "../../rpc/clients";
import { useFollowing } from "../../rpc/following";
import { jobState } from "../../words/states";

export default function Job({ name }: { name: string }) {
  const [job, setJob] = useState<TuningJob>();
  const following = useFollowing(
    (signal) => tuning.watchTuningJob({ job: name }, { signal }),
    (message) => setJob(message.job),
    [name],
  );
  const shown = useMemo(() => job && jobState(job.state), [job]);
  if (following.state === "refused") return <Failed fault={following.fault} />;
  if (!job || !shown) return <Loading what={`Job ${name} is read`} />;
  return (
    <div class="page-head">
      <h1>{job.spec?.name}</h1>
      <Badge of={shown} />
    </div>
  );
}
