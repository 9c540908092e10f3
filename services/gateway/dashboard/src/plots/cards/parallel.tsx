// Parallel coordinates. What is brushed, in which order the axes stand and how many are left is in the URL; all of it
// can be set by keyboard, too, below the plot.

import type { ECharts } from "echarts/core";
import { useCallback, useMemo, useRef } from "preact/hooks";
import { trainingPath, useQuery, useQueryChange } from "../../shell/address";
import { dark } from "../../shell/theme";
import { number, several } from "../../words/numbers";
import { type Axis, objectiveAxis, varies } from "../axes";
import { type Brushes, brushed, OBJECTIVE, readBrushes, withBrush, writeBrushes } from "../brushing";
import { Chart } from "../chart";
import { Choose, Tick, useChoice, useTick } from "../choices";
import { palette } from "../palette";
import { axisId, parallel } from "../parallel";
import { type Subject, type Valued, valued } from "../subject";
import { painted } from "../turns";
import { AxisRows } from "./axis-rows";
import { type Of, PlotCard, useOpening } from "./card";
import { orderOf, writeOrder } from "./order";

const TOPS = ["100", "50", "25", "10", "5", "1"] as const;
const LISTED = 20;

export function ParallelCard(of: Of) {
  return (
    <PlotCard title="Parallel coordinates" height={470} wide>
      {() => <Parallel {...of} />}
    </PlotCard>
  );
}

function Parallel({ job, trials, subject, axes }: Of) {
  const [top, setTop] = useChoice("parallel.top", TOPS);
  const [log, setLog] = useTick("parallel.log");
  const [orderText] = useQuery("parallel.axes");
  const [brushText] = useQuery("parallel.brush");
  const change = useQueryChange();
  const varying = useMemo(() => axes.filter(varies).map(({ name }) => name), [axes]);
  const brushes = useMemo(() => readBrushes(brushText), [brushText]);
  const shown = useMemo(() => {
    const values = valued(trials).map(({ value }) => value);
    const named = new Map(axes.map((axis) => [axis.name, axis]));
    const parameters = orderOf(orderText, varying).flatMap((name) => named.get(name) ?? []);
    return [...parameters, { ...objectiveAxis(subject.metric, values, log), name: OBJECTIVE }];
  }, [axes, trials, orderText, varying, subject, log]);
  const within = useMemo(
    () => brushed(trials, subject, shown, brushes, Number(top)),
    [trials, subject, shown, brushes, top],
  );
  const plot = useMemo(
    () => parallel(trials, subject, palette(), { axes: shown, within }),
    [trials, subject, shown, within, dark.value],
  );
  const setBrushes = (next: Brushes) => change({ "parallel.brush": writeBrushes(next) });
  const names = shown.map(({ name }) => name).filter((name) => name !== OBJECTIVE);
  const brushing = useBrushing(shown, brushes, setBrushes);
  return (
    <>
      <div class="choices">
        <Choose
          label="Trainings"
          value={top}
          onChoice={setTop}
          among={TOPS.map((one) => [one, one === "100" ? "all" : `the best ${one} %`] as const)}
        />
        <Tick label="Logarithmic" on={log} onChange={setLog} />
        <span class="hint">Drag along an axis to choose a range.</span>
        {(brushText || orderText) && (
          <button type="button" onClick={() => change({ "parallel.brush": "", "parallel.axes": "" })}>
            Reset
          </button>
        )}
      </div>
      <Chart
        name={`${job.spec?.name}-parallel`}
        plot={plot}
        height={360}
        onPick={useOpening(trials)}
        {...brushing}
      />
      <p class="hint" role="status">
        {several(within.length, "training")} within what is chosen
      </p>
      <details>
        <summary>Axes and ranges</summary>
        <AxisRows
          axes={shown}
          metric={subject.metric}
          hidden={axes.map(({ name }) => name).filter((name) => !names.includes(name))}
          brushes={brushes}
          onBrush={(name, range) => setBrushes(withBrush(brushes, name, range))}
          onOrder={(order) => change({ "parallel.axes": writeOrder(order, varying) })}
        />
      </details>
      <details>
        <summary>Show in table</summary>
        <Listed within={within} axes={shown} subject={subject} />
      </details>
    </>
  );
}

/** Keeps the chart's brushes and ours alike. */
function useBrushing(axes: readonly Axis[], brushes: Brushes, set: (brushes: Brushes) => void) {
  const latest = useRef({ axes, brushes, set });
  latest.current = { axes, brushes, set };
  const onReady = useCallback((chart: ECharts) => {
    chart.on("axisareaselected", (event) => {
      const { parallelAxisId, intervals } = event as unknown as {
        parallelAxisId: string;
        intervals: [number, number][];
      };
      // The brush is on screen before it is worked out what it leaves.
      void painted().then(() => {
        const now = latest.current;
        const axis = now.axes.find((_, at) => axisId(at) === parallelAxisId);
        if (axis) now.set(withBrush(now.brushes, axis.name, intervals[0]));
      });
    });
  }, []);
  const batch = axes.flatMap(({ name }, at) => {
    const range = brushes[name];
    return range ? [{ parallelAxisId: axisId(at), intervals: [range] }] : [];
  });
  // By itself it is of no axis: of the one that it names, the library takes it that its brush is drawn already.
  const action = { type: "axisAreaSelect", parallelAxisId: "none", batch };
  return { onReady, ...(batch.length > 0 && { action }) };
}

function Listed({
  within,
  axes,
  subject,
}: {
  within: readonly Valued[];
  axes: readonly Axis[];
  subject: Subject;
}) {
  const names = axes.map(({ name }) => name).filter((name) => name !== OBJECTIVE);
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th>Training</th>
            <th class="number">{subject.metric}</th>
            {names.map((name) => (
              <th key={name}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {within.slice(0, LISTED).map((trial) => (
            <tr key={trial.number}>
              <td>
                <a href={trainingPath(trial.name)}>{trial.name}</a>
              </td>
              <td class="number">{number(trial.value)}</td>
              {names.map((name) => {
                const value = trial.parameters[name];
                return <td key={name}>{typeof value === "number" ? number(value) : value}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {within.length > LISTED && (
        <p class="hint">
          The best {LISTED}; the CSV has all {within.length.toLocaleString("en")}.
        </p>
      )}
    </div>
  );
}
