import { useMemo } from "preact/hooks";
import type { TuningJob } from "../../../generated/tunewright/v1/tuning_service_pb";
import { Badge } from "../../../parts/badge";
import { Card } from "../../../parts/card";
import { Empty } from "../../../parts/notices";
import { csv, saveFile } from "../../../parts/saving";
import { type Column, WindowTable } from "../../../parts/window-table";
import { trainingPath, useQuery } from "../../../shell/address";
import type { Trial } from "../../../trainings/trials";
import { several } from "../../../words/numbers";
import { filtered, readNumbers, readOrder, rowsOf, sorted, toggled, writtenOrder } from "./choosing";
import { chosenColumns, columnsOf, stateOf, type Told } from "./columns";
import { Filters } from "./filters";

const NEWEST_FIRST = "-number";

/** All trainings of a job. What is filtered, sorted and chosen stands in the URL. */
export function Trainings({ job, trials }: { job: TuningJob; trials: readonly Trial[] }) {
  const [state] = useQuery("state");
  const [text] = useQuery("text");
  const [order, setOrder] = useQuery("sort", NEWEST_FIRST);
  const [names] = useQuery("columns");
  const [chosenText, setChosen] = useQuery("chosen");
  const known = useMemo(() => columnsOf(job), [job.spec]);
  const columns = useMemo(() => chosenColumns(known, names), [known, names]);
  const rows = useMemo(() => {
    const { column, descending } = readOrder(order);
    return sorted(
      filtered(trials, state, text),
      known.find(({ name }) => name === column),
      descending,
    );
  }, [trials, state, text, order, known]);
  const chosen = readNumbers(chosenText);
  const choose = (number: number) => setChosen(toggled(chosen, number).join(","));
  const save = () =>
    saveFile(`${job.spec?.name}-trainings.csv`, new Blob([csv(rowsOf(rows, columns))], { type: "text/csv" }));

  return (
    <Card
      title="Trainings"
      actions={
        <button type="button" onClick={save} disabled={rows.length === 0}>
          Save as CSV
        </button>
      }
    >
      <Filters columns={known} shown={columns} />
      <div class="above-table">
        <span class="hint" role="status">
          {rows.length === trials.length
            ? several(trials.length, "training")
            : `${rows.length.toLocaleString("en")} of ${several(trials.length, "training")}`}
        </span>
        <Chosen numbers={chosen} trials={trials} clear={() => setChosen("")} />
      </div>
      {rows.length === 0 ? (
        <Empty
          title={trials.length === 0 ? "No training has been started yet" : "No training is like that"}
        />
      ) : (
        <WindowTable
          label="Table of trainings"
          columns={[
            choice(chosen, choose),
            ...columns.map((column) => shownColumn(job, column, order, setOrder)),
          ]}
          rows={rows}
          rowKey={({ number }) => number}
          isChosen={({ number }) => chosen.includes(number)}
        />
      )}
    </Card>
  );
}

function choice(chosen: readonly number[], choose: (number: number) => void): Column<Trial> {
  return {
    name: "choice",
    title: <span class="unseen">Chosen</span>,
    width: 46,
    cell: ({ number }) => (
      <input
        type="checkbox"
        aria-label={`Choose training ${number}`}
        checked={chosen.includes(number)}
        onChange={() => choose(number)}
      />
    ),
  };
}

function shownColumn(
  job: TuningJob,
  column: Told,
  order: string,
  setOrder: (order: string) => void,
): Column<Trial> {
  const now = readOrder(order);
  const isSorted = now.column === column.name;
  const arrow = isSorted ? (now.descending ? " ↓" : " ↑") : "";
  const next = () => setOrder(writtenOrder({ column: column.name, descending: isSorted && !now.descending }));
  return {
    ...column,
    sorted: isSorted ? (now.descending ? "descending" : "ascending") : undefined,
    title: (
      <button type="button" onClick={next} title={`Sort by ${column.title}`}>
        {column.title}
        {arrow}
      </button>
    ),
    cell: (trial) => said(job, column, trial),
  };
}

/** No component: a table in sight has hundreds of cells. */
function said(job: TuningJob, column: Told, trial: Trial) {
  const shown = column.shown?.(trial) ?? String(column.of(trial) ?? "");
  switch (column.name) {
    case "name":
      return (
        <a class="row" href={trainingPath(trial.name)} title={trial.name}>
          {trial.name}
        </a>
      );
    case "state":
      return <Badge of={stateOf(trial)} />;
    case "value":
      return trial.number === job.best?.number ? <strong title="The best so far">★ {shown}</strong> : shown;
    default:
      return <span title={shown}>{shown}</span>;
  }
}

function Chosen({
  numbers,
  trials,
  clear,
}: {
  numbers: readonly number[];
  trials: readonly Trial[];
  clear: () => void;
}) {
  if (numbers.length === 0) return null;
  const wanted = new Set(numbers);
  const names = trials.filter(({ number }) => wanted.has(number)).map(({ name }) => name);
  return (
    <>
      <span>
        {several(numbers.length, "training")} chosen{names.length < 2 && "; choose another one to compare"}
      </span>
      {names.length >= 2 && (
        <a class="button" href={`/compare?trainings=${names.map(encodeURIComponent).join(",")}`}>
          Compare
        </a>
      )}
      <button type="button" class="quiet" onClick={clear}>
        Choose none
      </button>
    </>
  );
}
