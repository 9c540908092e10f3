import { useMemo } from "preact/hooks";
import { useNow } from "../../parts/now";
import { dark } from "../../shell/theme";
import { hasEnded } from "../../words/states";
import { Chart } from "../chart";
import { palette } from "../palette";
import { isDrawn } from "../plot";
import { timeline, timelineHeight } from "../timeline";
import { type Of, PlotCard, useOpening } from "./card";

const TICK_MS = 2000;

export function TimelineCard(of: Of) {
  return (
    <PlotCard title="Timeline" height={200} wide>
      {() => <Timeline {...of} />}
    </PlotCard>
  );
}

function Timeline({ job, trials, subject }: Of) {
  const now = useNow(TICK_MS, !hasEnded(job.state));
  const plot = useMemo(() => timeline(trials, subject, palette(), now), [trials, subject, now, dark.value]);
  return (
    <Chart
      name={`${job.spec?.name}-timeline`}
      plot={plot}
      height={timelineHeight(isDrawn(plot) ? plot.rows : 1)}
      onPick={useOpening(trials)}
    />
  );
}
