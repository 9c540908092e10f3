// A job file that is being written. Its text is the one truth: the form changes the text, and shows what the server has
// read in it. So whoever types is never overwritten, and what the form does not know stays.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { TuningJobSpec } from "../../generated/tunewright/v1/spec_pb";
import type { ReadJobFileResponse } from "../../generated/tunewright/v1/tuning_service_pb";
import { tuning } from "../../rpc/clients";
import { type Fault, faultOf, wasLeft } from "../../rpc/fault";
import { useLoaded } from "../../rpc/loading";
import { type Fields, fieldsOf, NOTHING, withUnread } from "./fields";
import { asKept, emptyDraft, readDraft } from "./kept";
import { merged } from "./merge";
import { fresh, membersIn, patched } from "./patch";
import { membersOf, unsayable } from "./written";

const KEY = "tunewright.new-job";
export const PAUSE_MS = 300;

export interface Draft {
  text: string;
  /** As they were typed, or were read in the text. */
  fields: Fields;
  /** Who has typed last: what the server reads goes into the fields only if it was not the form. */
  by: "text" | "form";
  /** The fields say what the text does not say yet: it cannot be changed member by member. */
  ahead: boolean;
  /** What it was begun with. */
  source: string;
}

/** Something wrong, as the job file calls it; line 0: of no line. */
export interface Wrong {
  member: string;
  line: number;
  why: string;
  remedy: string;
}

export interface Drafting {
  draft: Draft;
  onText: (text: string) => void;
  onFields: (part: Partial<Fields>) => void;
  begin: (text: string, source: string) => void;
  /** Of the newest text that the server has read. */
  read: ReadJobFileResponse | undefined;
  /** The last specification that was right. */
  spec: TuningJobSpec | undefined;
  /** `read` is about the text as it stands. */
  current: boolean;
  wrong: readonly Wrong[];
  /** The server could not be asked. */
  fault: Fault | undefined;
  again: () => void;
  /** How the form gets into the text: member by member, by writing all of it anew, or not at all. */
  way: Way;
}

export type Way = "members" | "whole" | "none";

export const kept = (): Draft | undefined => readDraft(sessionStorage.getItem(KEY) ?? "");

function keep(draft: Draft): void {
  try {
    sessionStorage.setItem(KEY, asKept(draft));
  } catch {
    // More than the browser keeps: what was kept before is older than what is on the page.
    forget();
  }
}

export const forget = (): void => sessionStorage.removeItem(KEY);

export function useDraft(first: Draft | undefined): Drafting {
  const [draft, setDraft] = useState<Draft>(first ?? emptyDraft(""));
  const [spec, setSpec] = useState<TuningJobSpec>();
  const [refused, setRefused] = useState<readonly Wrong[]>([]);
  const settled = useDebounced(draft.text);
  const loaded = useLoaded(
    async (signal) => {
      const blank = settled.trim() === "";
      return {
        text: settled,
        read: blank ? undefined : await tuning.readJobFile({ text: settled }, { signal }),
      };
    },
    [settled],
  );
  // It outlives a call that fails: the form of a text that was read stays.
  const last = useRef(loaded.value);
  last.current = loaded.value ?? last.current;
  const { text: readText, read } = last.current ?? {};

  useEffect(() => {
    if (draft.text.trim() === "") forget();
    else keep(draft);
  }, [draft]);

  useEffect(() => {
    if (read?.spec) setSpec(read.spec);
    const found = read?.spec ?? read?.readable;
    setDraft((now) => {
      if (now.text !== readText || now.by === "form") return now;
      if (found)
        return { ...now, fields: withUnread(fieldsOf(found, isNamed(now.text)), read?.faults ?? []) };
      return now.text.trim() === "" ? { ...now, fields: NOTHING } : now;
    });
  }, [readText, read]);

  useEffect(() => {
    setRefused([]);
    if (!draft.ahead || !spec) return;
    const left = new AbortController();
    const timer = setTimeout(
      () =>
        rewritten(spec, draft.fields, left.signal).then(
          (now) => {
            if (left.signal.aborted) return;
            if (typeof now === "string") setDraft((was) => ({ ...was, text: now, ahead: false }));
            else setRefused(now);
          },
          (error) => {
            if (left.signal.aborted || wasLeft(error)) return;
            const { field, text } = faultOf(error);
            setRefused([{ member: field, line: 0, why: text, remedy: "" }]);
          },
        ),
      PAUSE_MS,
    );
    return () => {
      clearTimeout(timer);
      left.abort();
    };
  }, [draft.ahead, draft.fields, spec]);

  const way = wayOf(draft.text, draft.ahead ? spec : read?.spec);
  return {
    draft,
    onText: useCallback((text) => setDraft((was) => ({ ...was, text, by: "text", ahead: false })), []),
    onFields: useCallback((part) => setDraft((was) => filledIn(was, part)), []),
    begin: useCallback((text, source) => {
      setSpec(undefined);
      setDraft({ ...emptyDraft(source), text });
    }, []),
    read,
    spec,
    current: !loaded.loading && readText === draft.text && !draft.ahead,
    wrong: wrongIn(draft, draft.ahead ? refused : (read?.faults ?? [])),
    fault: loaded.fault,
    again: loaded.again,
    way,
  };
}

function wrongIn({ fields, by }: Draft, told: readonly Wrong[]): Wrong[] {
  const unsaid = by === "form" ? unsayable(fields).map((of) => ({ ...of, line: 0, remedy: "" })) : [];
  return [...unsaid, ...told];
}

function filledIn(was: Draft, part: Partial<Fields>): Draft {
  const fields = { ...was.fields, ...part };
  const text = isShort(was.text) ? patched(was.text, membersOf(was.fields), membersOf(fields)) : undefined;
  return { ...was, fields, by: "form", text: text ?? was.text, ahead: text === undefined };
}

/** The whole text with what the form says in it, or what is wrong with that. */
async function rewritten(
  base: TuningJobSpec,
  fields: Fields,
  signal: AbortSignal,
): Promise<string | readonly Wrong[]> {
  const said = await tuning.readJobFile({ text: fresh(membersOf(fields)), name: base.name }, { signal });
  if (!said.spec) return said.faults.map(({ member, why, remedy }) => ({ member, line: 0, why, remedy }));
  return (await tuning.writeJobFile({ spec: merged(base, said.spec) }, { signal })).text;
}

function wayOf(text: string, spec: TuningJobSpec | undefined): Way {
  if (isShort(text)) return "members";
  return spec?.definitions.length === 1 ? "whole" : "none";
}

/** Not AMT's request body, and no JSON. */
export function isShort(text: string): boolean {
  return membersIn(text)?.every((name) => !name.startsWith("HyperParameterTuningJob")) ?? false;
}

const isNamed = (text: string): boolean => !isShort(text) || Boolean(membersIn(text)?.includes("name"));

/** A text once nobody has typed for a while. */
export function useDebounced<T>(text: T): T {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
