// What the server's model says: importance and partial dependence; and the contour, which begins with the two
// hyperparameters that matter most.

import { useMemo, useRef } from "preact/hooks";
import { Analysis, type AnalyzeResponse } from "../../generated/tunewright/v1/metrics_service_pb";
import { Await } from "../../parts/notices";
import { metrics } from "../../rpc/clients";
import { type Loaded, useLoaded } from "../../rpc/loading";
import { useQuery } from "../../shell/address";
import { dark } from "../../shell/theme";
import { hasEnded } from "../../words/states";
import { type Axis, varies } from "../axes";
import { Chart } from "../chart";
import { Choose } from "../choices";
import { contour } from "../contour";
import { dependence } from "../dependence";
import { byImportance, importance, importanceHeight, METHODS, methodsOf } from "../importance";
import { useSeen } from "../on-screen";
import { palette } from "../palette";
import { valued } from "../subject";
import { type Of, PlotCard, useOpening } from "./card";
import { milestone } from "./milestone";

const ANALYSES = [Analysis.IMPORTANCE, Analysis.PARTIAL_DEPENDENCE];

interface Analysed extends Of {
  definition: string;
  analysis: Loaded<AnalyzeResponse>;
}

export function ModelCards(of: Of & { definition: string }) {
  const { job, trials, definition } = of;
  const place = useRef<HTMLDivElement>(null);
  const seen = useSeen(place);
  const count = useMemo(() => milestone(valued(trials).length), [trials]);
  const analysis = useLoaded(
    (signal) =>
      seen
        ? metrics.analyze({ job: job.uid, analyses: ANALYSES, definitionName: definition }, { signal })
        : new Promise<AnalyzeResponse>(() => {}),
    [seen, job.uid, definition, hasEnded(job.state) ? "ended" : count],
  );
  const one = { ...of, analysis };
  return (
    <div class="cards" ref={place}>
      <PlotCard title="Importance" height={330}>
        {() => <ImportanceOf {...one} />}
      </PlotCard>
      <PlotCard title="Partial dependence" height={330}>
        {() => <DependenceOf {...one} />}
      </PlotCard>
      <PlotCard title="Contour" height={430} wide>
        {() => <ContourOf {...one} />}
      </PlotCard>
    </div>
  );
}

function ImportanceOf({ job, analysis }: Analysed) {
  const [method, setMethod] = useQuery("importance.method");
  return (
    <Await of={analysis} what="Importance is computed">
      {(answer) => <ImportanceShown {...{ job, answer, method, setMethod }} />}
    </Await>
  );
}

function ImportanceShown({
  job,
  answer,
  method,
  setMethod,
}: Pick<Of, "job"> & { answer: AnalyzeResponse; method: string; setMethod: (method: string) => void }) {
  const methods = methodsOf(answer.importances);
  const taken = methods.includes(method) ? method : (methods[0] ?? "");
  const plot = useMemo(
    () => importance(answer.importances, palette(), { method: taken }),
    [answer, taken, dark.value],
  );
  const bars = answer.importances.filter((one) => one.method === taken).length;
  return (
    <>
      <Refusals of={answer} analysis={Analysis.IMPORTANCE} />
      {methods.length > 0 && (
        <>
          <div class="choices">
            <Choose
              label="Method"
              value={taken}
              onChoice={setMethod}
              among={methods.map((name) => [name, METHODS[name] ?? name] as const)}
            />
          </div>
          <Chart name={`${job.spec?.name}-importance`} plot={plot} height={importanceHeight(bars)} />
        </>
      )}
    </>
  );
}

function Refusals({ of, analysis }: { of: AnalyzeResponse; analysis: Analysis }) {
  const refused = of.refused.filter((one) => one.analysis === analysis);
  return (
    <>
      {refused.map(({ definitionName, reason }) => (
        <p key={definitionName + reason} class="notice">
          {definitionName && `${definitionName}: `}
          {reason}
        </p>
      ))}
    </>
  );
}

function DependenceOf(of: Analysed) {
  return (
    <Await of={of.analysis} what="Partial dependence is computed">
      {(answer) => <DependenceShown {...of} answer={answer} />}
    </Await>
  );
}

function DependenceShown({ job, subject, axes, answer }: Analysed & { answer: AnalyzeResponse }) {
  const [asked, ask] = useQuery("dependence.of");
  const names = ordered(
    answer.dependences.map(({ parameter }) => parameter),
    answer,
  );
  const name = names.includes(asked) ? asked : (names[0] ?? "");
  const plot = useMemo(
    () =>
      dependence(
        answer.dependences.find(({ parameter }) => parameter === name),
        axes.find((axis) => axis.name === name),
        subject,
        palette(),
      ),
    [answer, axes, name, subject, dark.value],
  );
  return (
    <>
      <Refusals of={answer} analysis={Analysis.PARTIAL_DEPENDENCE} />
      {names.length > 0 && (
        <>
          <div class="choices">
            <Choose
              label="Along"
              value={name}
              onChoice={ask}
              among={names.map((one) => [one, one] as const)}
            />
          </div>
          <Chart name={`${job.spec?.name}-dependence-${name}`} plot={plot} />
        </>
      )}
    </>
  );
}

function ContourOf({ job, trials, subject, axes, analysis }: Analysed) {
  const [askedX, askX] = useQuery("contour.x");
  const [askedY, askY] = useQuery("contour.y");
  const varying = useMemo(() => axes.filter(varies), [axes]);
  const names = ordered(
    varying.map(({ name }) => name),
    analysis.value,
  );
  const x =
    pick(varying, askedX) ??
    pick(
      varying,
      names.find((name) => name !== askedY),
    );
  const y =
    pick(varying, askedY) ??
    pick(
      varying,
      names.find((name) => name !== x?.name),
    );
  const plot = useMemo(
    () => contour(trials, subject, palette(), { x, y }),
    [trials, subject, x, y, dark.value],
  );
  const among = names.map((one) => [one, one] as const);
  return (
    <>
      <div class="choices">
        <Choose label="Across" value={x?.name ?? ""} onChoice={askX} among={among} />
        <Choose label="Up" value={y?.name ?? ""} onChoice={askY} among={among} />
      </div>
      <Chart name={`${job.spec?.name}-contour`} plot={plot} height={380} onPick={useOpening(trials)} />
    </>
  );
}

const pick = (axes: readonly Axis[], name: string | undefined): Axis | undefined =>
  axes.find((axis) => axis.name === name);

/** The most important first; those of which nothing is known come last, as they were. */
function ordered(names: readonly string[], answer: AnalyzeResponse | undefined): string[] {
  const important = byImportance(answer?.importances ?? []).filter((name) => names.includes(name));
  return [...new Set([...important, ...names])];
}
