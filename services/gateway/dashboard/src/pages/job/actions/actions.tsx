import type { FunctionComponent } from "preact";
import { useState } from "preact/hooks";
import type { TuningJob } from "../../../generated/tunewright/v1/tuning_service_pb";
import { tuning } from "../../../rpc/clients";
import { type Fault, faultOf } from "../../../rpc/fault";
import { Amend } from "./amend";
import { Enqueue } from "./enqueue";
import { type Action, offered } from "./offered";
import { Delete, type Doing, Extend, Retry, Stop } from "./simple";

const WORDS: Record<Action, string> = {
  pause: "Pause",
  resume: "Resume",
  amend: "Amend",
  enqueue: "Enqueue",
  retry: "Retry failed",
  extend: "Extend",
  narrow: "Narrow",
  clone: "Clone",
  stop: "Stop",
  delete: "Delete",
};

const DIALOGS: Partial<Record<Action, FunctionComponent<Doing>>> = {
  stop: Stop,
  amend: Amend,
  extend: Extend,
  retry: Retry,
  enqueue: Enqueue,
  delete: Delete,
};

interface Answer {
  job?: TuningJob | undefined;
}

interface Props {
  job: TuningJob;
  done: (job: TuningJob | undefined) => void;
}

/** All that may be done to the job as it is. A dialog that is open stays so, whatever becomes of the job. */
export function Actions({ job, done }: Props) {
  const [asked, ask] = useState<Action>();
  const [fault, setFault] = useState<Fault>();
  const Dialog = asked && DIALOGS[asked];
  const atOnce = async (act: () => Promise<Answer>) => {
    setFault(undefined);
    await act().then(
      (answer) => done(answer.job),
      (error: unknown) => setFault(faultOf(error)),
    );
  };
  return (
    <div class="actions">
      {offered(job).map((action) => (
        <Offer key={action} action={action} job={job} ask={ask} atOnce={atOnce} />
      ))}
      {Dialog && <Dialog job={job} done={done} close={() => ask(undefined)} />}
      {fault && (
        <p class="fault" role="alert">
          {fault.text}
        </p>
      )}
    </div>
  );
}

interface OfferProps {
  action: Action;
  job: TuningJob;
  ask: (action: Action) => void;
  atOnce: (act: () => Promise<Answer>) => Promise<void>;
}

function Offer({ action, job, ask, atOnce }: OfferProps) {
  const word = WORDS[action];
  const name = encodeURIComponent(job.spec?.name ?? job.uid);
  switch (action) {
    case "pause":
      return <AtOnce word={word} act={() => atOnce(() => tuning.pauseTuningJob({ job: job.uid }))} />;
    case "resume":
      return <AtOnce word={word} act={() => atOnce(() => tuning.resumeTuningJob({ job: job.uid }))} />;
    case "clone":
      return (
        <a class="button" href={`/new?from=${name}`} title="A new job like this one, changed as you like">
          {word}
        </a>
      );
    case "narrow":
      return (
        <a
          class="button"
          href={`/new?narrow=${name}`}
          title="A new job in the ranges where this one was good"
        >
          {word}
        </a>
      );
    default:
      return (
        <button
          type="button"
          class={action === "stop" || action === "delete" ? "danger" : undefined}
          onClick={() => ask(action)}
        >
          {word}
        </button>
      );
  }
}

/** Done without asking first. */
function AtOnce({ word, act }: { word: string; act: () => Promise<void> }) {
  const [busy, setBusy] = useState(false);
  const run = () => {
    setBusy(true);
    void act().finally(() => setBusy(false));
  };
  return (
    <button type="button" disabled={busy} onClick={run}>
      {word}
    </button>
  );
}
