import { Stale } from "../../parts/live";
import "./training.css";
import { useLocation } from "preact-iso";
import { Empty, Failed, Loading } from "../../parts/notices";
import { Tabs } from "../../parts/tabs";
import type { Fault } from "../../rpc/fault";
import { Actions } from "./actions";
import { Attempts } from "./attempts";
import { Curves } from "./curves";
import { Faults } from "./faults";
import { Facts, Title } from "./head";
import { Hyperparameters } from "./hyperparameters";
import { Output } from "./output/output";
import { Neighbours } from "./siblings";
import { type Known, useTraining } from "./use-training";
import { Why } from "./why";

export const SECTIONS = { overview: "Overview", output: "Output", attempts: "Attempts and files" } as const;
type Section = keyof typeof SECTIONS;

const sectionOf = (show: string | undefined): Section =>
  show !== undefined && show in SECTIONS ? (show as Section) : "overview";

/** A training job, live: what it was given, what it says, how it ends. */
export default function Training({ name }: { name: string }) {
  return <Named key={name} name={name} />;
}

function Named({ name }: { name: string }) {
  const { known, following, again } = useTraining(name);
  const { query } = useLocation();
  const refused = following.state === "refused" && following.fault;
  if (!known && refused) return <Refused name={name} fault={refused} again={again} />;
  if (!known) return <Loading what={`Training ${name} is read`} />;
  const section = sectionOf(query.show);
  return (
    <>
      {refused && <Failed fault={refused} again={again} />}
      <div class="page-head">
        <Title of={known} />
        <Actions of={known} again={again} />
      </div>
      <Stale following={following} />
      <div class="below-head">
        <Tabs
          sections={SECTIONS}
          here={section}
          counts={
            known.training.attempts.length > 1 ? { attempts: String(known.training.attempts.length) } : {}
          }
        />
        <Neighbours of={known} />
      </div>
      <Shown section={section} of={known} />
    </>
  );
}

function Shown({ section, of }: { section: Section; of: Known }) {
  // A new attempt begins anew: its output and its values are others.
  const { training } = of;
  switch (section) {
    case "output":
      return <Output key={training.attempt} of={of} />;
    case "attempts":
      return <Attempts of={of} />;
    default:
      return (
        <>
          <Facts of={of} />
          <Curves key={training.attempt} of={of} />
          <Faults faults={training.faults} />
          <div class="cards">
            <Hyperparameters of={of} />
            <Why of={of} />
          </div>
        </>
      );
  }
}

function Refused({ name, fault, again }: { name: string; fault: Fault; again: () => void }) {
  if (fault.reason !== "NOT_FOUND") return <Failed fault={fault} again={again} />;
  return (
    <Empty title={`There is no training job called ${name}`}>
      <p>
        It may have been deleted with its tuning job. <a href="/jobs">All tuning jobs</a>
      </p>
    </Empty>
  );
}
