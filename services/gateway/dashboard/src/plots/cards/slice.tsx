import { useMemo } from "preact/hooks";
import { dark } from "../../shell/theme";
import { varies } from "../axes";
import { Chart } from "../chart";
import { Choose, Tick, useChoice, useTick } from "../choices";
import { palette } from "../palette";
import { slice, sliceHeight } from "../slice";
import { type Of, PlotCard, useOpening } from "./card";

const FEW = 6;

export function SliceCard(of: Of) {
  return (
    <PlotCard title="Slices" height={sliceHeight(Math.min(FEW, of.axes.length)) + 60} wide>
      {() => <Slice {...of} />}
    </PlotCard>
  );
}

function Slice({ job, trials, subject, axes }: Of) {
  const [which, setWhich] = useChoice("slice.which", ["few", "varying", "all"]);
  const [log, setLog] = useTick("slice.log");
  const shown = useMemo(() => {
    const varying = axes.filter(varies);
    return which === "all" ? axes : which === "few" ? varying.slice(0, FEW) : varying;
  }, [axes, which]);
  const plot = useMemo(
    () => slice(trials, subject, palette(), { axes: shown, log }),
    [trials, subject, shown, log, dark.value],
  );
  return (
    <>
      <div class="choices">
        <Choose
          label="Hyperparameters"
          value={which}
          onChoice={setWhich}
          among={[
            ["few", `the first ${FEW} that vary`],
            ["varying", "all that vary"],
            ["all", "all"],
          ]}
        />
        <Tick label="Logarithmic" on={log} onChange={setLog} />
      </div>
      <Chart
        name={`${job.spec?.name}-slices`}
        plot={plot}
        height={sliceHeight(shown.length)}
        onPick={useOpening(trials)}
      />
    </>
  );
}
