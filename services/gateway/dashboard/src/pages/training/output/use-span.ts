// Output as the page holds it: its end, live as long as the training runs, or a part to which somebody has gone.

import { useEffect, useRef, useState } from "preact/hooks";
import { metrics } from "../../../rpc/clients";
import { type Fault, faultOf, wasLeft } from "../../../rpc/fault";
import { type Following, useFollowing } from "../../../rpc/following";
import { readBack, readOn } from "./reading";
import { appended, beforeOf, chunkOf, EMPTY, prepended, type Span } from "./span";

const PAGE = 1000;

export interface Wanted {
  training: string;
  /** 0: the last one. */
  attempt: number;
  contains: string;
  /** A regular expression. */
  matches: string;
  /** undefined: all. */
  instance: number | undefined;
}

export interface Held {
  span: Span;
  /** Nothing has come yet. */
  begins: boolean;
  busy: boolean;
  fault: Fault | undefined;
  following: Following;
  /** New lines come by themselves. */
  streams: boolean;
  toStart: () => void;
  toEnd: () => void;
  earlier: () => void;
  later: () => void;
}

/** `live`: more may come. `sticks` tells whether its end is looked at: only then is its beginning let go. */
export function useSpan(wanted: Wanted, live: boolean, sticks: () => boolean): Held {
  const [span, setSpan] = useState<Span>();
  const [streams, setStreams] = useState(live);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const left = useRef(new AbortController());
  const { training, attempt, contains, matches, instance } = wanted;
  const filter = { training, contains, matches, ...(instance === undefined ? {} : { instance }) };

  async function* come(signal: AbortSignal) {
    if (!streams) return;
    let first = true;
    for await (const { lines, previousPageToken } of metrics.followOutput(
      { ...filter, tail: PAGE },
      { signal },
    )) {
      yield { chunk: chunkOf(lines, previousPageToken), first };
      first = false;
    }
  }
  const following = useFollowing(
    come,
    ({ chunk, first }) =>
      setSpan((before) => {
        if (first || !before) return appended(EMPTY, chunk, undefined);
        const more = appended(before, chunk, undefined);
        const drops = beforeOf(more) !== beforeOf(before);
        return drops && !sticks() ? { ...before, after: chunk.before } : more;
      }),
    [streams],
  );
  // What is held does not reach to the end any more: what comes now would leave a gap.
  useEffect(() => {
    if (streams && span?.after !== undefined) setStreams(false);
  }, [span, streams]);

  const page = (token: string) =>
    metrics.readOutput(
      { ...filter, attempt, pageSize: PAGE, pageToken: token },
      { signal: left.current.signal },
    );
  const back = (token: string) =>
    metrics.readOutput({ ...filter, attempt, tail: PAGE, pageToken: token }, { signal: left.current.signal });

  async function read(change: () => Promise<(before: Span) => Span>) {
    setBusy(true);
    setFault(undefined);
    try {
      const changed = await change();
      setSpan((before) => changed(before ?? EMPTY));
    } catch (error) {
      if (!wasLeft(error)) setFault(faultOf(error));
    } finally {
      setBusy(false);
    }
  }
  const toStart = () => {
    setStreams(false);
    void read(async () => {
      const { lines, before, after } = await readOn(page, "");
      return () => appended(EMPTY, chunkOf(lines, before), after);
    });
  };
  const toEnd = () => {
    if (live) return setStreams(true);
    void read(async () => {
      const { lines, before } = await readBack(back, "");
      return () => appended(EMPTY, chunkOf(lines, before), undefined);
    });
  };
  const earlier = () => {
    const from = span && beforeOf(span);
    if (!from || busy) return;
    void read(async () => {
      const { lines, before } = await readBack(back, from);
      return (now) => (beforeOf(now) === from ? prepended(now, chunkOf(lines, before)) : now);
    });
  };
  const later = () => {
    const from = span?.after;
    if (from === undefined || busy) return;
    void read(async () => {
      const { lines, before, after } = await readOn(page, from);
      return (now) => (now.after === from ? appended(now, chunkOf(lines, before), after) : now);
    });
  };
  useEffect(() => {
    if (!live) toEnd();
    return () => left.current.abort();
  }, []);
  const begins = span === undefined;
  return { span: span ?? EMPTY, begins, busy, fault, following, streams, toStart, toEnd, earlier, later };
}
