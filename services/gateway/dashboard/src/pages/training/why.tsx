import type { Explanation } from "../../generated/tunewright/v1/explanation_service_pb";
import { Card } from "../../parts/card";
import { Fact } from "../../parts/fact";
import { Await } from "../../parts/notices";
import { OnScreen } from "../../plots/on-screen";
import { explanations } from "../../rpc/clients";
import { useLoaded } from "../../rpc/loading";
import { trainingPath } from "../../shell/address";
import { number, several } from "../../words/numbers";
import { objectiveOf } from "../../words/specs";
import { foretold, relevances, sourceWords } from "./reasons";
import type { Known } from "./use-training";

const HEIGHT = 160;

/** Where its configuration came from: what was asked, asked again. That takes work, so only once it is looked at. */
export function Why({ of }: { of: Known }) {
  return (
    <Card title="Why this configuration">
      <OnScreen height={HEIGHT}>{() => <Asked of={of} />}</OnScreen>
    </Card>
  );
}

function Asked({ of }: { of: Known }) {
  const { id } = of.training;
  const asked = useLoaded((signal) => explanations.explainTrainingJob({ training: id }, { signal }), [id]);
  return (
    <>
      <Provenance of={of} />
      <Await of={asked} what="The suggestion is computed again">
        {({ explanation }) => (explanation ? <Explained by={explanation} of={of} /> : null)}
      </Await>
    </>
  );
}

function Provenance({ of: { training, spec } }: { of: Known }) {
  const { provenance } = training;
  if (!provenance) return null;
  const metric = objectiveOf(spec, training.definitionName)?.metricName ?? "objective";
  return (
    <dl class="facts">
      <Fact name="Source">{sourceWords(provenance.source)}</Fact>
      <Fact name="Reason">{provenance.reason}</Fact>
      <Fact name={`${metric} foretold and come out`}>{foretold(provenance, training.objectiveValue)}</Fact>
    </dl>
  );
}

function Explained({ by, of }: { by: Explanation; of: Known }) {
  const dimensions = relevances(by.lengthscales);
  return (
    <>
      <p class="why">{by.text}</p>
      {by.askNumber !== undefined && (
        <p class="hint">
          Ask {by.askNumber}, which knew {several(by.observations, "ended training")}
          {by.pending.length > 0 && ` and ${by.pending.length} that ran`}.
        </p>
      )}
      {by.neighbours.length > 0 && (
        <table class="given">
          <caption>Nearest trainings that were known</caption>
          <thead>
            <tr>
              <th scope="col">Training</th>
              <th scope="col" class="number">
                Distance
              </th>
              <th scope="col" class="number">
                Objective
              </th>
            </tr>
          </thead>
          <tbody>
            {by.neighbours.map((near) => (
              <tr key={near.number}>
                <td>
                  <a href={trainingPath(`${of.training.uid}/${near.number}`)}>training {near.number}</a>
                </td>
                <td class="number">{number(Number(near.distance.toPrecision(3)))}</td>
                <td class="number">{number(near.value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {dimensions.length > 0 && (
        <table class="given">
          <caption>
            How far the model sees along each hyperparameter: the shorter, the more it matters
          </caption>
          <tbody>
            {dimensions.map(({ name, lengthscale, share }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  <div class="bar" aria-hidden="true">
                    <div style={{ width: `${100 * share}%` }} />
                  </div>
                </td>
                <td class="number">{number(Number(lengthscale.toPrecision(3)))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
