import { useEffect, useMemo, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { CostEstimate } from "../../generated/tunewright/v1/tuning_service_pb";
import { Ask } from "../../parts/ask";
import { Card } from "../../parts/card";
import { Failed, Loading } from "../../parts/notices";
import { Said } from "../../parts/said";
import { useLoaded } from "../../rpc/loading";
import { useQuery } from "../../shell/address";
import { number } from "../../words/numbers";
import { duration } from "../../words/times";
import { useCreating } from "./creating";
import { type Drafting, isShort, kept, useDraft } from "./draft";
import { Form } from "./form";
import { FillingContext } from "./form-parts";
import { Narrowing } from "./narrowing";
import { begin, EXAMPLE, propose } from "./start";
import { JobFileText } from "./text";
import { Trying } from "./trying";
import "./new-job.css";

/** A job file, as a form and as a text at once; judged by the server as it is typed. */
export default function NewJob() {
  const { route } = useLocation();
  const drafting = useDraft(useMemo(kept, []));
  const { draft, read, spec, current, way } = drafting;
  const { proposal, notShort, loading, fault, again } = useParent(drafting);
  const creating = useCreating(draft.text, drafting.again);
  const wrong = [...drafting.wrong, ...creating.refused];
  const filling = { fields: draft.fields, change: drafting.onFields, wrong };
  const blank = draft.text.trim() === "";
  // The form is of an older text: what was typed into it would not fit, or would write that text anew.
  const behind = draft.by === "text" && !current && !(drafting.fault && way === "members");
  const ready = !blank && !draft.ahead && !(current && wrong.length > creating.refused.length);

  return (
    <FillingContext.Provider value={filling}>
      <div class="page-head">
        <h1>New job</h1>
        <div class="actions">
          {!blank && (
            <Ask
              word="Start anew"
              onDo={async () => {
                drafting.begin("", "");
                route("/new", true);
              }}
            >
              <p>What is written here is thrown away.</p>
            </Ask>
          )}
          <button type="button" class="main" disabled={!ready || creating.busy} onClick={creating.create}>
            {creating.busy ? "Creating …" : "Create job"}
          </button>
        </div>
      </div>
      {creating.fault && creating.refused.length === 0 && <Failed fault={creating.fault} />}
      {fault && <Failed fault={fault} again={again} />}
      {drafting.fault && <Failed fault={drafting.fault} again={drafting.again} />}
      {loading && <Loading what="The job is read" />}
      {blank && !loading && <Start onExample={() => drafting.begin(EXAMPLE, draft.source)} />}
      {proposal && <Narrowing of={proposal} />}
      <div class="new-job">
        <Card title="Form">
          {way === "none" ? (
            <NoForm several={(read?.spec?.definitions.length ?? 0) > 1} />
          ) : (
            <fieldset class="form-frame" disabled={behind || loading}>
              <Form madeName={spec?.name ?? ""} />
            </fieldset>
          )}
        </Card>
        <div class="beside-form">
          <Card title="Job file" actions={<Judged of={drafting} />}>
            {!blank && way !== "members" && (
              <Whole short={isShort(draft.text)} amt={notShort} of={drafting} />
            )}
            <JobFileText text={draft.text} onText={drafting.onText} wrong={wrong} />
          </Card>
          {!blank && (
            <Card title="What it takes at the most">
              <Estimate of={read?.estimate} />
            </Card>
          )}
          <Trying />
        </div>
      </div>
    </FillingContext.Provider>
  );
}

/** Begin with the job that the address names, unless the draft has begun with it before. */
function useParent({ draft, begin: onBegun }: Drafting) {
  const [from] = useQuery("from");
  const [narrow] = useQuery("narrow");
  const [notShort, setNotShort] = useState("");
  const source = narrow ? `narrow=${narrow}` : from ? `from=${from}` : "";
  const loaded = useLoaded(
    async (signal) => {
      if (!source) return undefined;
      const parent = { job: narrow || from, narrow: narrow !== "" };
      const proposal = await propose(parent, signal);
      const begun = draft.source === source ? undefined : await begin(parent, proposal, signal);
      return { source, proposal, begun };
    },
    [source],
  );
  useEffect(() => {
    const begun = loaded.value?.begun;
    if (!begun) return;
    setNotShort(begun.notShort);
    onBegun(begun.text, loaded.value?.source ?? "");
  }, [loaded.value, onBegun]);
  const of = loaded.value?.source === source ? loaded.value : undefined;
  return {
    proposal: narrow ? of?.proposal : undefined,
    notShort,
    loading: source !== "" && draft.source !== source && !loaded.fault,
    fault: loaded.fault,
    again: loaded.again,
  };
}

function Start({ onExample }: { onExample: () => void }) {
  return (
    <Card
      title="Begin"
      actions={
        <button type="button" onClick={onExample}>
          Begin with an example
        </button>
      }
    >
      <p class="start">
        A job runs your program again and again with other hyperparameters, and finds the best ones. The
        program takes them as <code>--name value</code> and prints its metric as <code>val_acc=0.93</code>,{" "}
        <code>val_acc: 0.93</code> or <code>{'{"val_acc": 0.93}'}</code>. Fill in the form, or paste a job
        file or the body of SageMaker's <code>CreateHyperParameterTuningJob</code> as the text. Paths are
        those of the server's machine, not of yours.
      </p>
    </Card>
  );
}

function NoForm({ several }: { several: boolean }) {
  return (
    <p class="notice">
      {several
        ? "This job has several definitions, which the form cannot show. It is changed in the text."
        : "The form appears once the text can be read."}
    </p>
  );
}

/** What becomes of a text that the form cannot change member by member. */
function Whole({ short, amt, of: { way } }: { short: boolean; amt: string; of: Drafting }) {
  return (
    <p class="hint">
      {short || !amt
        ? "This is not the short form. "
        : `This is SageMaker's request body: the short form cannot say ${amt}. `}
      {way === "whole" && "Whatever you change in the form writes the whole text anew, without its comments."}
    </p>
  );
}

function Judged({ of: { draft, current, wrong, fault } }: { of: Drafting }) {
  if (draft.text.trim() === "") return null;
  const told = fault ? "not checked" : !current ? "checking …" : wrong.length > 0 ? "not right yet" : "right";
  const tone = told === "right" ? "good" : told === "not right yet" ? "bad" : "waiting";
  return (
    <span class={`badge ${tone}`} role="status">
      {told}
    </span>
  );
}

function Estimate({ of }: { of: CostEstimate | undefined }) {
  if (!of) return <p class="hint">It is told once the job file is right.</p>;
  return (
    <>
      <dl class="facts">
        <div>
          <dt>Trainings</dt>
          <dd>{of.maxTrainings ?? "no limit"}</dd>
        </div>
        <div>
          <dt>Time of all instances together</dt>
          <dd>{of.maxInstanceSeconds === undefined ? "no limit" : duration(of.maxInstanceSeconds * 1000)}</dd>
        </div>
        {of.maxCost !== undefined && (
          <div>
            <dt>Cost</dt>
            <dd>{number(of.maxCost)}</dd>
          </div>
        )}
      </dl>
      <p class="estimate">
        <Said text={of.text} />
      </p>
    </>
  );
}
