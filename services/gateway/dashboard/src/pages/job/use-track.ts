import { useEffect, useMemo, useReducer, useState } from "preact/hooks";
import { oncePerFrame } from "../../parts/frames";
import { tuning } from "../../rpc/clients";
import { type Following, useFollowing } from "../../rpc/following";
import { Track } from "./track";

interface Tracked {
  track: Track;
  following: Following;
  /** Call it after an action has changed the job. */
  changed: () => void;
  /** Follow again what was refused. */
  again: () => void;
}

/** A job and its trainings, drawn anew at most once in a frame. */
export function useTrack(name: string): Tracked {
  const track = useMemo(() => new Track(tuning, name), [name]);
  const [, draw] = useReducer<number, void>((drawn) => drawn + 1, 0);
  const batch = useMemo(() => oncePerFrame(() => draw()), []);
  useEffect(() => batch.drop, [batch]);
  const [tries, setTries] = useState(0);
  const following = useFollowing((signal) => track.follow(signal), batch.ask, [track, tries]);
  return { track, following, changed: batch.ask, again: () => setTries((count) => count + 1) };
}
