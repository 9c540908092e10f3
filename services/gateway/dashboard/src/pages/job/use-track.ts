import { useEffect, useMemo, useReducer } from "preact/hooks";
import { oncePerFrame } from "../../parts/frames";
import { tuning } from "../../rpc/clients";
import { type Following, useFollowing } from "../../rpc/following";
import { Track } from "./track";

/** A job and its trainings, drawn anew at most once in a frame. Call `changed` after an action has changed it. */
export function useTrack(name: string): { track: Track; following: Following; changed: () => void } {
  const track = useMemo(() => new Track(tuning, name), [name]);
  const [, draw] = useReducer<number, void>((drawn) => drawn + 1, 0);
  const batch = useMemo(() => oncePerFrame(() => draw()), []);
  useEffect(() => batch.drop, [batch]);
  const following = useFollowing((signal) => track.follow(signal), batch.ask, [track]);
  return { track, following, changed: batch.ask };
}
