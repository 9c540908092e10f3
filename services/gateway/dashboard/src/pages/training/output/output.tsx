import { Card } from "../../../parts/card";
import { Choose, Tick, useTick } from "../../../plots/choices";
import { useQuery, useQueryChange } from "../../../shell/address";
import type { Known } from "../use-training";
import { Download } from "./download";
import { View } from "./view";

const ALL = "";

/** What it has printed. What is sought, and how it is shown, stands in the URL. */
export function Output({ of: { training, definition, ended } }: { of: Known }) {
  const [sought] = useQuery("line");
  const [pattern] = useQuery("pattern");
  const [instance, setInstance] = useQuery("instance", ALL);
  const [attempt, setAttempt] = useQuery("attempt");
  const [wraps, setWraps] = useTick("wrap");
  const instances = definition?.resources?.instanceCount ?? 1;
  const chosen = Number(attempt) || training.attempt;
  const isLast = chosen === training.attempt;
  const wanted = {
    training: training.id,
    attempt: isLast ? 0 : chosen,
    contains: pattern ? "" : sought,
    matches: pattern ? sought : "",
    instance: instance === ALL ? undefined : Number(instance),
  };
  return (
    <Card
      title="Output"
      actions={
        <Download
          name={isLast ? training.name : `${training.name}-attempt-${chosen}`}
          training={training.id}
          attempt={wanted.attempt}
          instance={wanted.instance}
        />
      }
    >
      <div class="output-choices">
        <Search key={`${pattern} ${sought}`} sought={sought} isPattern={pattern !== ""} />
        {instances > 1 && (
          <Choose
            label="Instance"
            value={instance}
            onChoice={setInstance}
            among={[
              [ALL, "all"],
              ...numbered(instances).map((at) => [String(at - 1), String(at - 1)] as const),
            ]}
          />
        )}
        {training.attempt > 1 && (
          <Choose
            label="Attempt"
            value={String(chosen)}
            onChoice={(value) => setAttempt(Number(value) === training.attempt ? "" : value)}
            among={numbered(training.attempt).map((at) => [String(at), String(at)] as const)}
          />
        )}
        <Tick label="Wrap lines" on={wraps} onChange={setWraps} />
      </div>
      <View
        key={JSON.stringify(wanted)}
        wanted={wanted}
        live={!ended && isLast}
        wraps={wraps}
        several={instances > 1 && wanted.instance === undefined}
      />
    </Card>
  );
}

const numbered = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

function Search({ sought, isPattern }: { sought: string; isPattern: boolean }) {
  const change = useQueryChange();
  const search = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    change({ line: String(form.get("line")), pattern: form.get("pattern") ? "1" : "" });
  };
  return (
    <form class="search" onSubmit={search}>
      <input
        type="search"
        name="line"
        aria-label="Lines with"
        placeholder="Lines with"
        defaultValue={sought}
      />
      <label class="tick">
        <input type="checkbox" name="pattern" defaultChecked={isPattern} /> regular expression
      </label>
      <button type="submit">Search</button>
      {sought && (
        <button type="button" class="quiet" onClick={() => change({ line: "", pattern: "" })}>
          All lines
        </button>
      )}
    </form>
  );
}
