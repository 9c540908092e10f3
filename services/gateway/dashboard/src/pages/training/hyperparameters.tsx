import { Card } from "../../parts/card";
import { rangeText } from "../../words/specs";
import { plain, shown } from "../../words/values";
import { shareIn } from "./ranges";
import type { Known } from "./use-training";

/** What it was given: tuned, where that lies in its range, and fixed. */
export function Hyperparameters({ of: { training, definition } }: { of: Known }) {
  const tuned = definition?.parameters ?? [];
  const fixed = Object.entries({ ...definition?.staticHyperparameters, ...training.overrides }).sort();
  const environment = Object.entries(definition?.environment ?? {}).sort();
  return (
    <Card title="Hyperparameters">
      {tuned.length + fixed.length === 0 && <p class="hint">It was given none.</p>}
      {tuned.length > 0 && (
        <table class="given">
          <thead>
            <tr>
              <th scope="col">Tuned</th>
              <th scope="col">Value</th>
              <th scope="col">In its range</th>
            </tr>
          </thead>
          <tbody>
            {tuned.map((parameter) => {
              const value = training.configuration[parameter.name];
              const share = shareIn(parameter, plain(value));
              const range = rangeText(parameter);
              return (
                <tr key={parameter.name}>
                  <th scope="row">{parameter.name}</th>
                  <td>{value ? shown(value) : "not given"}</td>
                  <td>
                    {share !== undefined && <Place share={share} says={`${parameter.name} in ${range}`} />}
                    <span class="hint">{range}</span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {fixed.length > 0 && <Pairs title="Fixed" pairs={fixed} />}
      {environment.length > 0 && (
        <details>
          <summary>Environment ({environment.length})</summary>
          <Pairs title="Variable" pairs={environment} />
        </details>
      )}
    </Card>
  );
}

function Place({ share, says }: { share: number; says: string }) {
  return (
    <div class="place" role="img" aria-label={`${says}: at ${Math.round(100 * share)} %`}>
      <i style={{ left: `${100 * share}%` }} />
    </div>
  );
}

function Pairs({ title, pairs }: { title: string; pairs: readonly (readonly [string, string])[] }) {
  return (
    <table class="given">
      <thead>
        <tr>
          <th scope="col">{title}</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {pairs.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="printed">{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
