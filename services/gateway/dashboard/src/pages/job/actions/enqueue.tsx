import { useId, useState } from "preact/hooks";
import { type Definition, type Parameter, Strategy } from "../../../generated/tunewright/v1/spec_pb";
import { Asking } from "../../../parts/asking";
import { OneMore } from "../../../parts/one-more";
import { tuning } from "../../../rpc/clients";
import { rangeText } from "../../../words/specs";
import { configuration, suggested } from "./enqueuing";
import type { Doing } from "./simple";
import { WhichDefinition } from "./which-definition";

/** A configuration of the person's own, to be run next. */
export function Enqueue({ job, done, close }: Doing) {
  const definitions = job.spec?.definitions ?? [];
  const first = definitions.find(({ name }) => name === job.best?.definitionName) ?? definitions[0];
  const begin = (definition: Definition | undefined) =>
    definition ? suggested(definition, startOf(job, definition.name)) : {};
  const [name, setName] = useState(first?.name ?? "");
  const [typed, setTyped] = useState<Record<string, string>>(() => begin(first));
  const [oneMore, setOneMore] = useState(false);
  const definition = definitions.find((item) => item.name === name);
  // That of a grid follows from what it has to run.
  const limit = job.spec?.strategy === Strategy.GRID ? undefined : job.spec?.limits?.maxTrainings;
  if (!definition) return null;

  const act = async (requestId: string) => {
    const enqueue = [{ configuration: configuration(definition, typed), definitionName: definition.name }];
    const raised = oneMore && limit !== undefined ? { maxTrainings: limit + 1 } : {};
    const request = { job: job.uid, expectedRevision: job.specRevision, requestId, enqueue, ...raised };
    done((await tuning.amendTuningJob(request)).job);
  };
  const choose = (chosen: string) => {
    setName(chosen);
    setTyped(begin(definitions.find((item) => item.name === chosen)));
  };
  return (
    <Asking
      title="Run a configuration of your own"
      does="Run it next"
      act={act}
      called={(field) => (field.startsWith("enqueue[0].configuration") ? "Configuration" : undefined)}
      close={close}
    >
      <p class="hint">It goes before what the strategy proposes, and counts as one of the job's trainings.</p>
      <WhichDefinition among={definitions} name={name} choose={choose} />
      {definition.parameters.map((parameter) => (
        <Chosen
          key={parameter.name}
          parameter={parameter}
          value={typed[parameter.name] ?? ""}
          choose={(value) => setTyped((before) => ({ ...before, [parameter.name]: value }))}
        />
      ))}
      {limit !== undefined && <OneMore limit={limit} chosen={oneMore} choose={setOneMore} />}
    </Asking>
  );
}

const startOf = ({ best }: Doing["job"], definition: string) =>
  best?.definitionName === definition ? best.configuration : undefined;

interface ChosenProps {
  parameter: Parameter;
  value: string;
  choose: (value: string) => void;
}

function Chosen({ parameter, value, choose }: ChosenProps) {
  const { name, range } = parameter;
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{name}</label>
      {range.case === "choiceRange" ? (
        <select id={id} value={value} onChange={({ currentTarget }) => choose(currentTarget.value)}>
          {range.value.values.map((item) => (
            <option key={item}>{item}</option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          inputMode="decimal"
          value={value}
          onInput={({ currentTarget }) => choose(currentTarget.value)}
        />
      )}
      <span class="hint">{rangeText(parameter)}</span>
    </div>
  );
}
