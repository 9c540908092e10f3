import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { ago, millis } from "../words/times";

/** A moment as it is said, with the exact one behind it. */
export function Time({ at }: { at: Timestamp | undefined }) {
  if (!at) return null;
  const exact = new Date(millis(at)).toISOString();
  return (
    <time dateTime={exact} title={exact}>
      {ago(millis(at))}
    </time>
  );
}
