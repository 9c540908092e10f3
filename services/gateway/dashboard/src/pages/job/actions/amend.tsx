import { useState } from "preact/hooks";
import type { Parameter } from "../../../generated/tunewright/v1/spec_pb";
import { Asking } from "../../../parts/asking";
import { tuning } from "../../../rpc/clients";
import type { Fault } from "../../../rpc/fault";
import { rangeText } from "../../../words/specs";
import {
  amendment,
  changesBetween,
  type Edits,
  highField,
  LIMITS,
  type LimitField,
  leftOut,
  limitText,
  lowField,
  moreField,
  NO_EDITS,
  type Typed,
} from "./amending";
import type { Doing } from "./simple";
import { WhichDefinition } from "./which-definition";

/** Changes a job that has not ended, under the revision that the person has before him. */
export function Amend({ job, done, close }: Doing) {
  const [base, setBase] = useState(job);
  const [edits, setEdits] = useState<Edits>(NO_EDITS);
  const [conflict, setConflict] = useState<string[]>();
  const [definitionName, setDefinition] = useState(base.spec?.definitions[0]?.name ?? "");
  const [sent, setSent] = useState<readonly string[]>([]);
  const spec = base.spec;
  const definition = spec?.definitions.find(({ name }) => name === definitionName);
  if (!spec || !definition) return null;

  const editLimit = (field: LimitField, text: string) =>
    setEdits(({ limits, ranges }) => ({ limits: { ...limits, [field]: text }, ranges }));
  const editRange = (field: string, text: string) =>
    setEdits(({ limits, ranges }) => ({
      limits,
      ranges: { ...ranges, [definitionName]: { ...ranges[definitionName], [field]: text } },
    }));
  const unsent = leftOut(edits, definitionName);
  const act = async (requestId: string) => {
    setConflict(undefined);
    const wanted = amendment(spec, definition, edits);
    setSent((wanted.parameters ?? []).map(({ name }) => name ?? ""));
    const request = { ...wanted, job: base.uid, expectedRevision: base.specRevision, requestId };
    done((await tuning.amendTuningJob(request)).job);
  };
  // Refused for the job is another by now: what is typed stays, all else is as it is now, and the next try is for that.
  const refused = async ({ reason }: Fault) => {
    if (reason !== "ILLEGAL_TRANSITION") return;
    const { job: fresh } = await tuning.getTuningJob({ job: base.uid, withoutFindings: true });
    if (!fresh?.spec || fresh.specRevision === base.specRevision) return;
    setConflict(changesBetween(spec, fresh.spec));
    setBase(fresh);
    done(fresh);
  };
  const called = (field: string) => {
    const [, at] = /^parameters\[(\d+)\]/.exec(field) ?? [];
    return at === undefined ? LIMITS[field as LimitField] : sent[Number(at)];
  };
  const limits = (Object.keys(LIMITS) as LimitField[]).filter(
    (field) => field !== "max_cost" || Object.keys(spec.pricesPerSecond).length > 0,
  );

  return (
    <Asking
      title={`Amend ${spec.name}`}
      does="Amend"
      act={act}
      called={called}
      onRefused={(fault) => void refused(fault).catch(() => undefined)}
      close={close}
    >
      {conflict && <Conflict changes={conflict} />}
      <div class="fields">
        {limits.map((field) => (
          <label key={field}>
            {LIMITS[field]}
            <input
              value={edits.limits[field] ?? limitText(spec, field)}
              placeholder="none"
              onInput={({ currentTarget }) => editLimit(field, currentTarget.value)}
            />
          </label>
        ))}
      </div>
      <p class="hint">Lower limits stop nothing that runs. Ranges can only become wider.</p>
      <WhichDefinition among={spec.definitions} name={definitionName} choose={setDefinition} />
      {unsent.length > 0 && (
        <p class="conflict" role="status">
          What you have typed for {unsent.join(" and ")} is not sent with this: an amendment widens the ranges
          of one definition. Send that by itself.
        </p>
      )}
      {definition.parameters.map((parameter) => (
        <Range
          key={`${definitionName} ${parameter.name}`}
          parameter={parameter}
          typed={edits.ranges[definitionName] ?? {}}
          edit={editRange}
        />
      ))}
    </Asking>
  );
}

function Conflict({ changes }: { changes: readonly string[] }) {
  return (
    <div class="conflict" role="status">
      <p>
        Meanwhile the job was changed elsewhere. What you have typed is still here; send it again to change
        the job as it is now.
      </p>
      <ul>
        {changes.map((change) => (
          <li key={change}>{change}</li>
        ))}
      </ul>
    </div>
  );
}

interface RangeProps {
  parameter: Parameter;
  typed: Typed;
  edit: (field: string, text: string) => void;
}

function Range({ parameter, typed, edit }: RangeProps) {
  const { name, range } = parameter;
  if (range.case === undefined) return null;
  const field = (key: string, label: string, value: string, placeholder = "") => (
    <label>
      {label}
      <input
        aria-label={`${name}: ${label}`}
        value={typed[key] ?? value}
        placeholder={placeholder}
        onInput={({ currentTarget }) => edit(key, currentTarget.value)}
      />
    </label>
  );
  return (
    <fieldset class="range">
      <legend>
        {name} <span class="hint">{rangeText(parameter)}</span>
      </legend>
      {range.case === "choiceRange" ? (
        field(moreField(parameter), "More values", "", "one, another")
      ) : (
        <>
          {field(lowField(parameter), "Lowest", String(range.value.low))}
          {field(highField(parameter), "Highest", String(range.value.high))}
        </>
      )}
    </fieldset>
  );
}
