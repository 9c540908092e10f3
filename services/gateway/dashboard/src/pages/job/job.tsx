import { Stale } from "../../parts/live";
import "./job.css";
import { useLocation } from "preact-iso";
import type { TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { Empty, Failed, Loading } from "../../parts/notices";
import { Tabs } from "../../parts/tabs";
import type { Fault } from "../../rpc/fault";
import type { Trial } from "../../trainings/trials";
import { Actions } from "./actions/actions";
import { Advice } from "./advice";
import { Definitions } from "./definitions";
import { Failures } from "./failures";
import { Findings } from "./findings";
import { Glance } from "./glance";
import { Facts, Title } from "./head";
import { Output } from "./output";
import { Plots } from "./plots";
import { SECTIONS, type Section, sectionOf } from "./sections";
import { Trainings } from "./trainings/trainings";
import { useTrack } from "./use-track";

/** A tuning job, live. */
export default function Job({ name }: { name: string }) {
  return <Named key={name} name={name} />;
}

function Named({ name }: { name: string }) {
  const { track, following, changed, again } = useTrack(name);
  const { query } = useLocation();
  const { job } = track;
  const refused = following.state === "refused" && following.fault;
  if (!job && refused) return <Refused name={name} fault={refused} again={again} />;
  if (!job && following.state === "waiting") return <Failed fault={following.fault} byItself />;
  if (!job) return <Loading what={`Job ${name} is read`} />;
  const done = (answered: TuningJob | undefined) => {
    track.take(answered);
    changed();
  };
  const trials = track.trials.all;
  return (
    <>
      {refused && <Failed fault={refused} again={again} />}
      <div class="page-head">
        <Title job={job} />
        <Actions job={job} done={done} />
      </div>
      <Stale following={following} />
      <Tabs
        sections={SECTIONS}
        here={sectionOf(query.show)}
        counts={{ trainings: track.trials.count.toLocaleString("en") }}
      />
      <Shown section={sectionOf(query.show)} job={job} trials={trials} listed={track.listed} />
    </>
  );
}

interface ShownProps {
  section: Section;
  job: TuningJob;
  trials: readonly Trial[];
  listed: boolean;
}

function Shown({ section, job, trials, listed }: ShownProps) {
  switch (section) {
    case "trainings":
      return <Trainings job={job} trials={trials} />;
    case "plots":
      return <Plots job={job} trials={trials} listed={listed} />;
    case "output":
      return <Output job={job.uid} />;
    default:
      return (
        <>
          <Facts job={job} />
          <Findings job={job} />
          <Glance job={job} trials={trials} />
          <Definitions job={job} trials={trials} />
          <Failures job={job} trials={trials} />
          <Advice job={job} />
        </>
      );
  }
}

function Refused({ name, fault, again }: { name: string; fault: Fault; again: () => void }) {
  if (fault.reason !== "NOT_FOUND") return <Failed fault={fault} again={again} />;
  return (
    <Empty title={`There is no tuning job called ${name}`}>
      <p>
        It may have been deleted. <a href="/jobs">All tuning jobs</a>
      </p>
    </Empty>
  );
}
