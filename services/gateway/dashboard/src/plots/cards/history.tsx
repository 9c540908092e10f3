import { useMemo } from "preact/hooks";
import { dark } from "../../shell/theme";
import { Chart } from "../chart";
import { Choose, Tick, useChoice, useTick } from "../choices";
import { history } from "../history";
import { palette } from "../palette";
import { type Of, PlotCard, useOpening } from "./card";

export function HistoryCard(of: Of) {
  return (
    <PlotCard title="Best so far" height={330}>
      {() => <History {...of} />}
    </PlotCard>
  );
}

function History({ job, trials, subject }: Of) {
  const [by, setBy] = useChoice("history.by", ["number", "time"]);
  const [log, setLog] = useTick("history.log");
  const plot = useMemo(
    () => history(trials, subject, palette(), { by, log }),
    [trials, subject, by, log, dark.value],
  );
  return (
    <>
      <div class="choices">
        <Choose
          label="By"
          value={by}
          onChoice={setBy}
          among={[
            ["number", "number"],
            ["time", "time"],
          ]}
        />
        <Tick label="Logarithmic" on={log} onChange={setLog} />
      </div>
      <Chart name={`${job.spec?.name}-history`} plot={plot} onPick={useOpening(trials)} />
    </>
  );
}
