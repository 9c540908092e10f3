// Learning curves and, of a Hyperband job, its brackets: both are made from the curves of the objective.

import type { ComponentChildren } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { Strategy } from "../../generated/tunewright/v1/spec_pb";
import { Failed, Loading } from "../../parts/notices";
import { trainingPath, useQuery } from "../../shell/address";
import { dark } from "../../shell/theme";
import type { Trial } from "../../trainings/trials";
import { BRACKET_ROW_PX, brackets } from "../brackets";
import { Chart } from "../chart";
import { Choose, Tick, useChoice, useTick } from "../choices";
import { curves, MOST_CURVES } from "../curves";
import { found } from "../history";
import { numberOf } from "../look";
import { useSeen } from "../on-screen";
import { palette } from "../palette";
import { isDrawn, type NoPlot, type Plot } from "../plot";
import { type Of, PlotCard, useOpening } from "./card";
import { type CurvesOf, useCurves } from "./curves-of";
import { Reason, StoppedTrainings } from "./stopped";

const TOPS = ["20", "5", "100", "0"] as const;

export function CurveCards(of: Of) {
  const place = useRef<HTMLDivElement>(null);
  const seen = useSeen(place);
  const [asked] = useQuery("curves.metric");
  const metric = asked === of.subject.metric ? "" : asked;
  const objective = useCurves(of.job, "", seen && (metric === "" || isHyperband(of)));
  const other = useCurves(of.job, metric, seen && metric !== "");
  return (
    <div class="cards" ref={place}>
      <PlotCard title="Learning curves" height={380} wide={!isHyperband(of)}>
        {() => <CurvesShown {...of} of={metric ? other : objective} metric={metric} />}
      </PlotCard>
      {isHyperband(of) && (
        <PlotCard title="Hyperband brackets" height={380}>
          {() => <BracketsShown {...of} of={objective} />}
        </PlotCard>
      )}
    </div>
  );
}

const isHyperband = ({ job }: Of): boolean => job.spec?.strategy === Strategy.HYPERBAND;

function CurvesShown({ job, trials, subject, of, metric }: Of & { of: CurvesOf; metric: string }) {
  const [, setMetric] = useQuery("curves.metric");
  const [top, setTop] = useChoice("curves.top", TOPS);
  const [log, setLog] = useTick("curves.log");
  const [picked, setPicked] = useState<Trial>();
  const plot = useMemo(
    () =>
      curves(of.byNumber, trials, subject, palette(), {
        metric: metric || subject.metric,
        top: Number(top),
        log,
      }),
    [of, trials, subject, metric, top, log, dark.value],
  );
  const metrics = [...new Set([subject.metric, ...metricsOf(job)])];
  return (
    <>
      <div class="choices">
        <Choose
          label="Metric"
          value={metric || subject.metric}
          onChoice={(name) => setMetric(name === subject.metric ? "" : name)}
          among={metrics.map((name) => [name, name] as const)}
        />
        <Choose
          label="Show"
          value={top}
          onChoice={setTop}
          among={TOPS.map((one) => [one, one === "0" ? `up to ${MOST_CURVES}` : `the best ${one}`] as const)}
        />
        <Tick label="Logarithmic" on={log} onChange={setLog} />
      </div>
      <Read of={of} plot={plot}>
        <Chart
          name={`${job.spec?.name}-curves`}
          plot={plot}
          onPick={(data) => setPicked(found(trials, numberOf(data) ?? 0))}
        />
      </Read>
      {picked && <Picked trial={picked} />}
      <StoppedTrainings trials={trials} />
    </>
  );
}

const metricsOf = (job: Of["job"]): string[] =>
  job.spec?.definitions.flatMap((one) => one.metricDefinitions.map(({ name }) => name)) ?? [];

/** Which training a curve is of, and why it ended where it does. */
function Picked({ trial }: { trial: Trial }) {
  return (
    <p class="picked" role="status">
      <a href={trainingPath(trial.name)}>{trial.name}</a> <Reason trial={trial} />
    </p>
  );
}

/** The chart of curves, once it is known whether there is one: till then what keeps it. */
function Read({ of, plot, children }: { of: CurvesOf; plot: Plot | NoPlot; children: ComponentChildren }) {
  const nothingYet = !isDrawn(plot) && (of.reading || of.fault !== undefined);
  return (
    <>
      {of.fault && <Failed fault={of.fault} />}
      {nothingYet ? !of.fault && <Loading what="Curves are read" /> : children}
    </>
  );
}

function BracketsShown({ job, trials, subject, of }: Of & { of: CurvesOf }) {
  const plot = useMemo(
    () => brackets(trials, of.byNumber, subject, palette()),
    [of, trials, subject, dark.value],
  );
  return (
    <Read of={of} plot={plot}>
      <Chart
        name={`${job.spec?.name}-brackets`}
        plot={plot}
        height={BRACKET_ROW_PX * (isDrawn(plot) ? plot.count : 1) + 20}
        onPick={useOpening(trials)}
      />
    </Read>
  );
}
