// A question before something is done that cannot be undone, and its refusal where it was asked.

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { type Fault, faultOf } from "../rpc/fault";

interface Props {
  /** The button's word, and the dialog's title. */
  word: string;
  danger?: boolean;
  /** What it does, and the fields to be filled in. */
  children: ComponentChildren;
  /** Called with the form's members; the dialog closes once it is done. */
  onDo: (given: FormData) => Promise<unknown>;
}

export function Ask({ word, danger, children, onDo }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [fault, setFault] = useState<Fault>();
  const [busy, setBusy] = useState(false);
  const kind = danger ? "danger" : "main";

  async function submitted(event: SubmitEvent) {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    setBusy(true);
    setFault(undefined);
    try {
      await onDo(new FormData(form));
      dialog.current?.close();
      form.reset();
    } catch (error) {
      setFault(faultOf(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <button type="button" class={danger ? "danger" : undefined} onClick={() => dialog.current?.showModal()}>
        {word}
      </button>
      <dialog ref={dialog} aria-label={word} onClose={() => setFault(undefined)}>
        <form class="asked" onSubmit={submitted}>
          <h2>{word}</h2>
          {children}
          {fault && (
            <p class="fault" role="alert">
              {fault.text}
            </p>
          )}
          <div class="actions">
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            <button type="submit" class={kind} disabled={busy}>
              {word}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
