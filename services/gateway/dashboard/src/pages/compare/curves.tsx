import { useMemo } from "preact/hooks";
import { Live } from "../../parts/live";
import { Chart } from "../../plots/chart";
import { palette } from "../../plots/palette";
import { metrics } from "../../rpc/clients";
import { useQuery } from "../../shell/address";
import { dark } from "../../shell/theme";
import { objectiveOf } from "../../words/specs";
import { trainingHasEnded } from "../../words/states";
import type { Answer } from "./answers";
import { type Line, lines } from "./plots";
import type { Compared } from "./trainings";
import { useAnswers } from "./use-answers";

const POINTS = 500;

interface Curve {
  points: Line["points"];
  /** The training had ended before it was read. */
  whole: boolean;
}

/** What the trainings have emitted of one metric. */
export function Curves({ of }: { of: readonly Compared[] }) {
  const all = metricsOf(of);
  const [metric, setMetric] = useQuery("metric", all[0]);
  return (
    <>
      <label class="beside">
        Metric
        <select value={metric} onChange={({ currentTarget }) => setMetric(currentTarget.value)}>
          {all.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {metric && <OfMetric key={metric} metric={metric} of={of} />}
    </>
  );
}

function OfMetric({ of, metric }: { of: readonly Compared[]; metric: string }) {
  const names = of.map(({ training }) => training.name);
  const ended = new Set(of.flatMap(({ training }) => (trainingHasEnded(training) ? training.name : [])));
  const { value, following } = useAnswers<Curve>(names, {
    load: async (training, _before, signal) => {
      const whole = ended.has(training);
      const read = await metrics.listMeasurements({ training, metric, maxPoints: POINTS }, { signal });
      return { points: read.measurements.map(({ step, value }) => [Number(step), value] as const), whole };
    },
    isFinal: ({ whole }) => whole,
  });
  return (
    <Live value={value} following={following} what="Curves are read">
      {(curves) => <Drawn curves={curves} metric={metric} />}
    </Live>
  );
}

function Drawn({ curves, metric }: { curves: readonly Answer<Curve>[]; metric: string }) {
  const isDark = dark.value;
  const plot = useMemo(() => {
    const given = curves.map(
      ({ name, value, fault }): Line => ({
        name,
        points: value?.points ?? [],
        why: fault?.text ?? `it has not emitted ${metric}`,
      }),
    );
    const words = { x: "emission", y: metric, stepped: false, empty: `None of them has emitted ${metric}.` };
    return lines(given, palette(), words);
  }, [curves, metric, isDark]);
  return <Chart name={`curves-${metric}`} plot={plot} height={320} />;
}

/** The objectives first. */
function metricsOf(of: readonly Compared[]): string[] {
  const objectives = of.map(
    ({ spec, training }) => objectiveOf(spec, training.definitionName)?.metricName ?? "",
  );
  const others = of.flatMap(({ training }) => Object.keys(training.finalMetrics).sort());
  return [...new Set([...objectives, ...others])].filter(Boolean);
}
