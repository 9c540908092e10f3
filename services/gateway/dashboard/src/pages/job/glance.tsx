import "../../plots/plots.css";
import { useMemo } from "preact/hooks";
import type { TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { axesOf } from "../../plots/axes";
import { HistoryCard } from "../../plots/cards/history";
import { TimelineCard } from "../../plots/cards/timeline";
import { useSettled } from "../../plots/settled";
import { subjectOf } from "../../plots/subject";
import type { Trial } from "../../trainings/trials";

/** The two plots that one looks at first: how good it has become, and who is at work. */
export function Glance({ job, trials }: { job: TuningJob; trials: readonly Trial[] }) {
  const settled = useSettled(trials);
  const subject = useMemo(() => subjectOf(job.spec, ""), [job.spec]);
  const axes = useMemo(() => axesOf(settled, job.spec), [settled, job.spec]);
  if (!subject || settled.length === 0) return null;
  const of = { job, trials: settled, subject, axes };
  return (
    <div class="cards">
      <HistoryCard {...of} />
      <TimelineCard {...of} />
    </div>
  );
}
