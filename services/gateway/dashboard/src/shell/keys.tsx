// Keys of the whole dashboard: `g` and then a page's letter, `/` to search, `?` for this list.

import { useEffect, useRef } from "preact/hooks";
import { useLocation } from "preact-iso";

interface Place {
  path: string;
  word: string;
  key: string;
}

const WITHIN_MS = 1000;

export function Keys({ places }: { places: readonly Place[] }) {
  const { route } = useLocation();
  const list = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    let goAt = 0;
    function pressed(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const place = places.find(({ key }) => key === event.key);
      if (place && event.timeStamp - goAt < WITHIN_MS) route(place.path);
      else if (event.key === "?") list.current?.showModal();
      else if (event.key === "/") document.querySelector<HTMLInputElement>("input[type=search]")?.focus();
      else {
        goAt = event.key === "g" ? event.timeStamp : 0;
        return;
      }
      goAt = 0;
      event.preventDefault();
    }
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [places, route]);
  return (
    <>
      <button type="button" class="quiet" aria-label="Keys" onClick={() => list.current?.showModal()}>
        ?
      </button>
      <dialog ref={list} aria-label="Keys">
        <h2>Keys</h2>
        <dl class="keys">
          {places.map(({ key, word }) => (
            <div key={key}>
              <dt>
                <kbd>g</kbd> <kbd>{key}</kbd>
              </dt>
              <dd>{word}</dd>
            </div>
          ))}
          <div>
            <dt>
              <kbd>/</kbd>
            </dt>
            <dd>Search this page</dd>
          </div>
          <div>
            <dt>
              <kbd>?</kbd>
            </dt>
            <dd>This list</dd>
          </div>
        </dl>
        <form method="dialog">
          <button type="submit">Close</button>
        </form>
      </dialog>
    </>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable], dialog *")
  );
}
