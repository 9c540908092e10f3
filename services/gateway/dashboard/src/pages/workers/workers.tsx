import type { StartsPaused, TrainerInfo } from "../../generated/tunewright/v1/operations_service_pb";
import { Ask } from "../../parts/ask";
import { Badge } from "../../parts/badge";
import { Card } from "../../parts/card";
import { Live } from "../../parts/live";
import { Empty } from "../../parts/notices";
import { Progress } from "../../parts/progress";
import { Time } from "../../parts/time";
import { Wrong } from "../../parts/wrong";
import { useAsked } from "../../rpc/asking";
import { operations } from "../../rpc/clients";
import { trainingPath } from "../../shell/address";
import { several } from "../../words/numbers";
import type { Shown } from "../../words/states";
import { isConnected, rest, totals } from "./capacity";

/** Trainers that have a session, or are drained: what they can run, what they do, and how to have them do no more. */
export default function Workers() {
  const { value, following, again } = useAsked((signal) => operations.listTrainers({}, { signal }));
  const starts = value && <Starts paused={value.startsPaused !== undefined} onDone={again} />;
  return (
    <Card title="Workers" actions={starts}>
      <Live value={value} following={following} what="Workers are read">
        {({ trainers, startsPaused }) => (
          <>
            {startsPaused && <Paused {...startsPaused} />}
            {trainers.length === 0 ? (
              <Empty title="No trainer is connected">
                <p>
                  Nothing can run until one is: <code>tunewright serve trainer</code> on any machine that
                  reaches this server.
                </p>
              </Empty>
            ) : (
              <>
                <Totals trainers={trainers} />
                <Trainers trainers={trainers} onDone={again} />
              </>
            )}
          </>
        )}
      </Live>
    </Card>
  );
}

/** Whatever there is to be done about starts as they are. */
function Starts({ paused, onDone }: { paused: boolean; onDone: () => void }) {
  if (paused)
    return (
      <Ask
        key="resume"
        word="Resume starts"
        onDo={async () => {
          await operations.resumeStarts({});
          onDone();
        }}
      >
        <p>Trainings that wait are started again.</p>
      </Ask>
    );
  return (
    <Ask
      key="pause"
      word="Pause all starts"
      onDo={async (given) => {
        await operations.pauseStarts({ reason: reasonIn(given) });
        onDone();
      }}
    >
      <p>Nothing more is started, of any job, until starts are resumed. What runs goes on.</p>
      <label>
        Reason
        <input name="reason" maxLength={200} />
      </label>
    </Ask>
  );
}

function Paused({ reason, since }: StartsPaused) {
  return (
    <p class="stale" role="status">
      <b>Nothing is started</b>, of any job: {reason || "no reason was given"}. So it was ordered{" "}
      <Time at={since} />.
    </p>
  );
}

function Totals({ trainers }: { trainers: readonly TrainerInfo[] }) {
  const { connected, slots, gpus, held } = totals(trainers);
  return (
    <dl class="facts">
      <div>
        <dt>Connected</dt>
        <dd>{several(connected, "trainer")}</dd>
      </div>
      <div>
        <dt>Slots in use</dt>
        <dd>
          <Progress done={held} of={slots} />
        </dd>
      </div>
      <div>
        <dt>GPUs</dt>
        <dd>{gpus}</dd>
      </div>
    </dl>
  );
}

function Trainers({ trainers, onDone }: { trainers: readonly TrainerInfo[]; onDone: () => void }) {
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th>Trainer</th>
            <th>State</th>
            <th>Pool</th>
            <th>Slots</th>
            <th>Free</th>
            <th>Runs</th>
            <th>Connected</th>
            <th>
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {trainers.map((trainer) => (
            <tr key={trainer.trainerId}>
              <td>
                {trainer.trainerId}
                {trainer.host && trainer.host !== trainer.trainerId && <div class="hint">{trainer.host}</div>}
              </td>
              <td>
                <Badge of={state(trainer)} />
                {trainer.reason && <div class="hint">{trainer.reason}</div>}
              </td>
              <td>{trainer.pool}</td>
              <td>{isConnected(trainer) && <Progress done={trainer.holding.length} of={trainer.slots} />}</td>
              <td>{rest(trainer)}</td>
              <td>
                <Held trainings={trainer.holding} />
              </td>
              <td>
                <Time at={trainer.openedAt} />
              </td>
              <td>
                <Drain trainer={trainer} onDone={onDone} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const FEW = 4;

function Held({ trainings }: { trainings: readonly string[] }) {
  return (
    <ul class="plain">
      {trainings.slice(0, FEW).map((training) => (
        <li key={training}>
          <a href={trainingPath(training)}>{training}</a>
        </li>
      ))}
      {trainings.length > FEW && <li class="hint">and {trainings.length - FEW} more</li>}
    </ul>
  );
}

function Drain({ trainer, onDone }: { trainer: TrainerInfo; onDone: () => void }) {
  const { trainerId } = trainer;
  if (trainer.cordoned)
    return (
      <Ask
        word="Give it work again"
        onDo={async () => {
          await operations.uncordonTrainer({ trainerId });
          onDone();
        }}
      >
        <p>
          <b>{trainerId}</b> is given trainings again.
        </p>
      </Ask>
    );
  return (
    <Ask
      word="Drain"
      onDo={async (given) => {
        await operations.cordonTrainer({ trainerId, reason: reasonIn(given) });
        onDone();
      }}
    >
      <p>
        <b>{trainerId}</b> is given nothing more; what it runs goes on. This holds when it starts again, too.
      </p>
      <label>
        Reason
        <input name="reason" maxLength={200} />
      </label>
    </Ask>
  );
}

/** Whoever meets the order later is told it. */
function reasonIn(given: FormData): string {
  const reason = String(given.get("reason")).trim();
  if (!reason) throw new Wrong("Reason", "is missing", "Say why, for those who wonder later");
  return reason;
}

function state(trainer: TrainerInfo): Shown {
  if (!isConnected(trainer)) return { word: "Not connected", tone: "waiting" };
  if (trainer.cordoned) return { word: trainer.holding.length > 0 ? "Draining" : "Drained", tone: "waiting" };
  if (trainer.draining) return { word: "Leaving", tone: "waiting" };
  return trainer.holding.length > 0 ? { word: "Busy", tone: "running" } : { word: "Idle", tone: "good" };
}
