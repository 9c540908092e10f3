// The job file's text, with its lines numbered and marked where something is wrong.

import { useRef } from "preact/hooks";
import { Said } from "../../parts/said";
import type { Wrong } from "./draft";

interface Props {
  text: string;
  onText: (text: string) => void;
  wrong: readonly Wrong[];
}

const FEWEST_LINES = 22;
const MOST_LINES = 40;

export function JobFileText({ text, onText, wrong }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const count = text.split("\n").length;
  const marks = new Map<number, string[]>();
  for (const { line, why } of wrong) if (line > 0) marks.set(line, [...(marks.get(line) ?? []), why]);

  function goTo(line: number) {
    const element = area.current;
    if (!element) return;
    const lines = text.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0);
    element.focus();
    element.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
    element.scrollTop = (element.scrollHeight / lines.length) * Math.max(0, line - 4);
  }

  return (
    <>
      <div class="file">
        <div class="gutter" ref={gutter}>
          {Array.from({ length: count }, (_, at) => {
            const told = marks.get(at + 1);
            return told ? (
              <div
                key={at}
                class="marked"
                role="img"
                aria-label={`Line ${at + 1}: ${told.join("; ")}`}
                title={told.join("\n")}
              >
                {at + 1}
              </div>
            ) : (
              <div key={at} aria-hidden="true">
                {at + 1}
              </div>
            );
          })}
        </div>
        <textarea
          ref={area}
          aria-label="Job file"
          value={text}
          wrap="off"
          rows={Math.min(MOST_LINES, Math.max(FEWEST_LINES, count + 1))}
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          onInput={({ currentTarget }) => onText(currentTarget.value)}
          onScroll={({ currentTarget }) => gutter.current?.scrollTo({ top: currentTarget.scrollTop })}
        />
      </div>
      <WrongList wrong={wrong} onGo={goTo} />
    </>
  );
}

function WrongList({ wrong, onGo }: { wrong: readonly Wrong[]; onGo: (line: number) => void }) {
  return (
    <ul class="plain wrong" aria-label="What is wrong" aria-live="polite">
      {wrong.map(({ member, line, why, remedy }) => (
        <li key={`${member} ${line} ${why}`}>
          {line > 0 && (
            <button type="button" class="quiet" onClick={() => onGo(line)}>
              Line {line}
            </button>
          )}
          <span>
            {member && <code>{member}</code>} {why}
            {remedy && (
              <span class="hint">
                {" "}
                <Said text={remedy} />
              </span>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
