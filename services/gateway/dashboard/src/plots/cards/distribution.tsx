import { useMemo } from "preact/hooks";
import { dark } from "../../shell/theme";
import { Chart } from "../chart";
import { Tick, useTick } from "../choices";
import { distribution } from "../distribution";
import { palette } from "../palette";
import { type Of, PlotCard } from "./card";

export function DistributionCard(of: Of) {
  return (
    <PlotCard title="Distribution" height={330}>
      {() => <Distribution {...of} />}
    </PlotCard>
  );
}

function Distribution({ job, trials, subject }: Of) {
  const [log, setLog] = useTick("distribution.log");
  const plot = useMemo(
    () => distribution(trials, subject, palette(), { log }),
    [trials, subject, log, dark.value],
  );
  return (
    <>
      <div class="choices">
        <Tick label="Logarithmic" on={log} onChange={setLog} />
      </div>
      <Chart name={`${job.spec?.name}-distribution`} plot={plot} />
    </>
  );
}
