// A dialog that asks before something is done, and says in its place why it was refused.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Fault, faultOf, mayBeDone } from "../rpc/fault";
import { requestId } from "../rpc/request-id";
import { Wrong } from "./wrong";
import "./asking.css";

interface Props {
  title: string;
  /** What its button says, such as "Stop the job". */
  does: string;
  /** It cannot be undone. */
  danger?: boolean;
  /** Throws what the server refuses, or Wrong. The same id comes again only where nobody knows whether it was done. */
  act: (requestId: string, given: FormData) => Promise<void>;
  /** How the form calls a field of the request's; undefined: as the server does. */
  called?: (field: string) => string | undefined;
  /** What else to do about a refusal. */
  onRefused?: (fault: Fault) => void;
  close: () => void;
  children: ComponentChildren;
}

export function Asking({ title, does, danger = false, act, called, onRefused, close, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useRef("");
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();
  useEffect(() => dialog.current?.showModal(), []);

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setFault(undefined);
    id.current ||= requestId();
    try {
      await act(id.current, given);
      close();
    } catch (error) {
      const refused = error instanceof Wrong ? error.fault : faultOf(error);
      if (!mayBeDone(refused)) id.current = "";
      setFault(refused);
      setBusy(false);
      onRefused?.(refused);
    }
  }

  return (
    <dialog ref={dialog} class="asking" aria-label={title} onClose={close}>
      <form onSubmit={submit} noValidate>
        <h2>{title}</h2>
        {children}
        {fault && (
          <p class="fault" role="alert">
            {inWords(fault, called)}
          </p>
        )}
        <div class="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class={danger ? "danger" : "main"} disabled={busy}>
            {does}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function inWords(fault: Fault, called: Props["called"]): string {
  const { text, field } = fault;
  if (mayBeDone(fault)) return `${text} It may have been done: ask again, and it is done only once.`;
  const word = field && called?.(field);
  return word && text.startsWith(field) ? word + text.slice(field.length) : text;
}
