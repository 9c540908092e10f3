import { useMemo, useState } from "preact/hooks";
import { Card } from "../../parts/card";
import { Live } from "../../parts/live";
import { Chart } from "../../plots/chart";
import { Choose, Tick, useChoice, useTick } from "../../plots/choices";
import { palette } from "../../plots/palette";
import { useSettled } from "../../plots/settled";
import { metrics } from "../../rpc/clients";
import { type Following, useFollowing } from "../../rpc/following";
import { useQuery } from "../../shell/address";
import { dark } from "../../shell/theme";
import { objectiveOf } from "../../words/specs";
import { curve } from "./curve";
import type { Known } from "./use-training";
import { joined, NONE, type Values } from "./values";

const POINTS = 1000;
const SMOOTHINGS = ["0", "0.6", "0.9", "0.98"] as const;
const HEIGHT = 300;

/** What it says of its metrics, as it says it. */
export function Curves({ of }: { of: Known }) {
  const { value, following } = useValues(of.training.id);
  return (
    <Card title="Curves">
      <Live value={value} following={following} what="Measurements are read">
        {(values) => <Drawn values={values} of={of} />}
      </Live>
    </Card>
  );
}

/** The whole thinned to what can be seen, and what comes; thinned again once that is as much. */
function useValues(training: string): { value: Values | undefined; following: Following } {
  const [value, setValue] = useState<Values>();
  async function* told(signal: AbortSignal): AsyncGenerator<(before: Values) => Values> {
    const list = async () => {
      const { measurements } = await metrics.listMeasurements({ training, maxPoints: POINTS }, { signal });
      return () => joined(NONE, measurements);
    };
    let come = Number.POSITIVE_INFINITY;
    for await (const { measurements } of metrics.followMeasurements(
      { training, onlyNew: true },
      { signal },
    )) {
      come += measurements.length;
      if (come > POINTS) {
        come = 0;
        yield await list();
      } else yield (before) => joined(before, measurements);
    }
  }
  const following = useFollowing(told, (change) => setValue((before) => change(before ?? NONE)), [training]);
  return { value, following };
}

function Drawn({ values, of }: { values: Values; of: Known }) {
  const { training, spec } = of;
  const objective = objectiveOf(spec, training.definitionName)?.metricName;
  const names = namesOf(values, of, objective);
  const [asked, setMetric] = useQuery("metric", names[0]);
  const metric = names.includes(asked) ? asked : (names[0] ?? "");
  const [smoothing, setSmoothing] = useChoice("smooth", SMOOTHINGS);
  const [log, setLog] = useTick("log");
  const points = useSettled(values.get(metric));
  const stopped = metric === objective ? training.stoppedEarly : undefined;
  const isDark = dark.value;
  const plot = useMemo(
    () => curve(points ?? [], palette(), { metric, smoothing: Number(smoothing), log, stopped }),
    [points, metric, smoothing, log, stopped, isDark],
  );
  if (names.length === 0) return <p class="notice">It has said nothing of any metric yet.</p>;
  return (
    <>
      <div class="choices">
        <Choose
          label="Metric"
          value={metric}
          onChoice={setMetric}
          among={names.map((name) => [name, name] as const)}
        />
        <Choose
          label="Smoothing"
          value={smoothing}
          onChoice={setSmoothing}
          among={SMOOTHINGS.map((one) => [one, one === "0" ? "none" : one] as const)}
        />
        <Tick label="Logarithmic axis" on={log} onChange={setLog} />
      </div>
      <Chart name={`${training.name}-${metric}`} plot={plot} height={HEIGHT} />
    </>
  );
}

/** The objective first. */
function namesOf(values: Values, { training, definition }: Known, objective: string | undefined): string[] {
  const defined = definition?.metricDefinitions.map(({ name }) => name) ?? [];
  const said = [...values.keys(), ...Object.keys(training.finalMetrics)].sort();
  return [...new Set([objective ?? "", ...defined, ...said])].filter(Boolean);
}
