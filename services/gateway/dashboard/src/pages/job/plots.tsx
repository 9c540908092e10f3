import "../../plots/plots.css";
import { useEffect, useMemo } from "preact/hooks";
import type { TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { Empty } from "../../parts/notices";
import { axesOf } from "../../plots/axes";
import { CurveCards } from "../../plots/cards/curves";
import { DistributionCard } from "../../plots/cards/distribution";
import { HistoryCard } from "../../plots/cards/history";
import { ModelCards } from "../../plots/cards/model";
import { ParallelCard } from "../../plots/cards/parallel";
import { SliceCard } from "../../plots/cards/slice";
import { TimelineCard } from "../../plots/cards/timeline";
import { Choose } from "../../plots/choices";
import { REDRAWN_EVERY_MS, useSettled } from "../../plots/settled";
import { subjectOf } from "../../plots/subject";
import { useQuery } from "../../shell/address";
import type { Trial } from "../../trainings/trials";

interface Props {
  job: TuningJob;
  trials: readonly Trial[];
  /** All trainings that there were when the page was opened have come. */
  listed: boolean;
}

/** While trainings are listed, each drawing puts off the ones that are still to come. */
const LISTING_REDRAWN_EVERY_MS = 2000;

/** All plots of a job, from its trainings as they are now. */
export function Plots({ job, trials, listed }: Props) {
  // The library is read while the trainings are on their way.
  useEffect(() => void import("../../plots/charting"), []);
  const settled = useSettled(trials, listed ? REDRAWN_EVERY_MS : LISTING_REDRAWN_EVERY_MS);
  const names = job.spec?.definitions.map(({ name }) => name) ?? [];
  const all = useMemo(() => subjectOf(job.spec, ""), [job.spec]);
  const [asked, ask] = useQuery("definition");
  const definition = names.includes(asked) ? asked : all ? "" : (names[0] ?? "");
  const subject = useMemo(() => subjectOf(job.spec, definition), [job.spec, definition]);
  const shown = useMemo(
    () => (definition ? settled.filter((trial) => trial.definition === definition) : settled),
    [settled, definition],
  );
  const axes = useMemo(() => axesOf(shown, job.spec), [shown, job.spec]);
  if (!subject) return <Empty title="This job has no objective to plot" />;
  const of = { job, trials: shown, subject, axes };
  return (
    <div class="plots">
      {names.length > 1 && (
        <Choose
          label="Plots of"
          value={definition}
          onChoice={ask}
          among={[
            ...(all ? [["", "all definitions"] as const] : []),
            ...names.map((name) => [name, name] as const),
          ]}
        />
      )}
      <div class="cards">
        <HistoryCard {...of} />
        <DistributionCard {...of} />
        <ParallelCard {...of} />
        <SliceCard {...of} />
      </div>
      <ModelCards {...of} definition={definition} />
      <CurveCards {...of} />
      <TimelineCard {...of} trials={settled} />
    </div>
  );
}
