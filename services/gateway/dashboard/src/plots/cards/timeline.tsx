import { useEffect, useMemo, useState } from "preact/hooks";
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
  const now = useNow(!hasEnded(job.state));
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

/** The time, which goes on while it is wanted: bars of running trainings grow. */
function useNow(goesOn: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!goesOn) return;
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [goesOn]);
  return now;
}
