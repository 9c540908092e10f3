import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Asking } from "./asking";

interface Props {
  /** The button's, and its dialog's. */
  word: string;
  /** What is done once the dialog is agreed to, with the members of its form. */
  onDo: (given: FormData) => Promise<void>;
  /** What it does, and the fields to be filled in. */
  children: ComponentChildren;
}

/** A button that asks before it does something. */
export function Ask({ word, onDo, children }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        {word}
      </button>
      {open && (
        <Asking title={word} does={word} act={(_, given) => onDo(given)} close={() => setOpen(false)}>
          {children}
        </Asking>
      )}
    </>
  );
}
