// From a job file to a job, once: the same text that is sent again is the same request.

import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { TuningJobSpec } from "../../generated/tunewright/v1/spec_pb";
import { tuning } from "../../rpc/clients";
import { type Fault, faultOf } from "../../rpc/fault";
import { requestId } from "../../rpc/request-id";
import { jobPath } from "../../shell/address";
import { forget, type Wrong } from "./draft";

interface Creating {
  busy: boolean;
  create: () => void;
  /** Why not; till the text is changed. */
  refused: readonly Wrong[];
  fault: Fault | undefined;
}

export function useCreating(text: string, readAgain: () => void): Creating {
  const { route } = useLocation();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const going = useRef(false);
  const sent = useRef<{ text: string; spec: TuningJobSpec; id: string }>(undefined);
  useEffect(() => setFault(undefined), [text]);

  async function create() {
    if (going.current) return; // a second click comes before the button is drawn disabled
    going.current = true;
    setBusy(true);
    setFault(undefined);
    try {
      if (sent.current?.text !== text) {
        const { spec } = await tuning.readJobFile({ text });
        if (!spec) return readAgain();
        sent.current = { text, spec, id: requestId() };
      }
      const { spec, id } = sent.current;
      await tuning.createTuningJob({ spec, requestId: id });
      forget();
      route(jobPath(spec.name));
    } catch (error) {
      const found = faultOf(error);
      setFault(found);
      if (found.reason === "INVALID_SPEC") readAgain(); // which names what is wrong as the file does
    } finally {
      going.current = false;
      setBusy(false);
    }
  }

  return { busy, create, refused: refusals(fault, text), fault };
}

/** A name that is taken is told where the name stands. */
function refusals(fault: Fault | undefined, text: string): Wrong[] {
  if (fault?.reason !== "ALREADY_EXISTS") return [];
  const line = text.split("\n").findIndex((one) => /^["']?name["']?\s*:/.test(one)) + 1;
  return [{ member: "name", line, why: fault.text, remedy: "" }];
}
