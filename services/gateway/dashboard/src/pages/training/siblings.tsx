import { trainingPath } from "../../shell/address";
import type { Known } from "./use-training";

/** The trainings of the job before and after this one. */
export function Neighbours({ of: { training, job } }: { of: Known }) {
  if (!job) return null;
  const counted = job.trainings;
  const created = counted
    ? counted.completed +
      counted.inProgress +
      counted.retryableError +
      counted.nonRetryableError +
      counted.stopped
    : 0;
  return (
    <nav class="siblings" aria-label="Trainings of this job">
      <To number={training.number - 1} uid={training.uid} among={created} rel="prev" word="← Previous" />
      <To number={training.number + 1} uid={training.uid} among={created} rel="next" word="Next →" />
    </nav>
  );
}

interface ToProps {
  number: number;
  uid: string;
  among: number;
  rel: string;
  word: string;
}

function To({ number, uid, among, rel, word }: ToProps) {
  if (number < 1 || number > among) return null;
  const show = new URLSearchParams(location.search).get("show");
  return (
    <a rel={rel} href={trainingPath(`${uid}/${number}`) + (show ? `?show=${show}` : "")}>
      {word}
    </a>
  );
}
