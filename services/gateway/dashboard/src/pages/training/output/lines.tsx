import { useMemo, useState } from "preact/hooks";
import type { OutputLine } from "../../../generated/tunewright/v1/metrics_service_pb";
import { millis } from "../../../words/times";
import { brief, marked, plain } from "./plain";
import type { Chunk } from "./span";

interface Props {
  chunk: Chunk;
  /** A text that is pointed out. */
  sought: string;
  /** Lines are of several instances. */
  several: boolean;
}

/** Drawn once: what is in a chunk does not change. */
export function Lines({ chunk, sought, several }: Props) {
  return useMemo(
    () => (
      <>
        {chunk.lines.map((line, at) => (
          <Line key={`${chunk.id} ${at}`} line={line} sought={sought} several={several} />
        ))}
      </>
    ),
    [chunk, sought, several],
  );
}

function Line({ line, sought, several }: { line: OutputLine; sought: string; several: boolean }) {
  const [whole, setWhole] = useState(false);
  const { text, hidden } = whole ? { text: plain(line.text), hidden: 0 } : brief(line.text);
  const at = line.at ? new Date(millis(line.at)).toISOString() : "";
  return (
    <div class="line">
      <span class="line-number" title={at}>
        {several && `${line.instance}: `}
        {Number(line.index) + 1}
      </span>
      <span class="line-text">
        {marked(text, sought).map((piece, place) =>
          place % 2 === 1 ? <mark key={place}>{piece}</mark> : piece,
        )}
        {hidden > 0 && (
          <button type="button" class="line-more" onClick={() => setWhole(true)}>
            {hidden.toLocaleString("en")} more characters
          </button>
        )}
        {line.cut && <em class="line-cut">cut: the line was longer than 64 KiB</em>}
      </span>
    </div>
  );
}
