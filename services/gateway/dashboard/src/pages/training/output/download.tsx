import { useRef, useState } from "preact/hooks";
import { saveFile } from "../../../parts/saving";
import { metrics } from "../../../rpc/clients";
import { type Fault, faultOf, wasLeft } from "../../../rpc/fault";
import { several } from "../../../words/numbers";

const PAGE = 10_000;

interface Props {
  /** The file's name, without its ending. */
  name: string;
  training: string;
  attempt: number;
  instance: number | undefined;
}

/** All that an attempt has printed, as it was printed, in a file. It is read page by page, and can be left. */
export function Download({ name, training, attempt, instance }: Props) {
  const [read, setRead] = useState<number>();
  const [fault, setFault] = useState<Fault>();
  const left = useRef(new AbortController());

  async function download() {
    left.current = new AbortController();
    const { signal } = left.current;
    setFault(undefined);
    setRead(0);
    try {
      // The browser keeps parts of a blob on disk, where they are many.
      const parts: Blob[] = [];
      let [pageToken, lines] = ["", 0];
      do {
        const request = {
          training,
          attempt,
          pageSize: PAGE,
          pageToken,
          ...(instance === undefined ? {} : { instance }),
        };
        const page = await metrics.readOutput(request, { signal });
        parts.push(new Blob(page.lines.map(({ text }) => `${text}\n`)));
        lines += page.lines.length;
        pageToken = page.nextPageToken;
        setRead(lines);
      } while (pageToken);
      saveFile(`${name}.txt`, new Blob(parts, { type: "text/plain" }));
    } catch (error) {
      if (!wasLeft(error)) setFault(faultOf(error));
    } finally {
      setRead(undefined);
    }
  }

  if (read !== undefined)
    return (
      <span class="download" role="status">
        <span class="spinner" aria-hidden="true" /> {several(read, "line")} read
        <button type="button" onClick={() => left.current.abort()}>
          Cancel
        </button>
      </span>
    );
  return (
    <>
      {fault && (
        <span class="fault" role="alert">
          {fault.text}
        </span>
      )}
      <button type="button" onClick={() => void download()}>
        Download
      </button>
    </>
  );
}
