// The form: what people mostly set.

import type { Fields } from "./fields";
import { More, Section, SelectField, TextField, Tick, useFilling } from "./form-parts";
import { Metrics, Pairs, Parameters } from "./rows";

const PROGRAMS = { script: "A script", image: "A container image, or a folder" };
const DIRECTIONS = { maximize: "Maximize", minimize: "Minimize" };
const STRATEGIES = { bayesian: "Bayesian", random: "Random", grid: "Grid", hyperband: "Hyperband" };
const RULES = { "": "as the strategy has it", off: "off", auto: "auto: worse than the median" };

/** The name that a job has whose file gives none; empty: not known yet. */
export function Form({ madeName }: { madeName: string }) {
  return (
    <div class="job-form">
      <Program madeName={madeName} />
      <Objective />
      <Section title="Hyperparameters" hint="Given to the program as --name value.">
        <Parameters />
      </Section>
      <Search />
      <Limits />
      <Ending />
      <Stopping />
      <Resources />
      <Rest />
    </div>
  );
}

/** A text field of the form under the name of its member. */
function useText() {
  const { fields, change } = useFilling();
  type Texts = { [K in keyof Fields]: Fields[K] extends string ? K : never }[keyof Fields];
  return (field: Texts) => ({
    value: fields[field],
    onValue: (value: string) => change({ [field]: value }),
  });
}

function Program({ madeName }: { madeName: string }) {
  const { fields } = useFilling();
  const text = useText();
  return (
    <Section title="Program">
      <div class="fields">
        <TextField
          label="Job name"
          members={["name"]}
          {...text("name")}
          placeholder={madeName || "made of the time"}
        />
        <SelectField label="Program" members={[]} options={PROGRAMS} {...text("program")} />
        {fields.program === "script" ? (
          <>
            <TextField
              label="Script"
              members={["script", "workdir"]}
              {...text("script")}
              placeholder="/home/me/train.py"
              hint="A path of the server's machine."
            />
            <TextField label="Python" members={["python"]} {...text("python")} placeholder="python3" />
          </>
        ) : (
          <TextField
            label="Image"
            members={["image", "script"]}
            {...text("image")}
            placeholder="registry/name:tag or file:///folder"
            hint="file:///folder has an executable train, on the server's machine."
          />
        )}
      </div>
    </Section>
  );
}

function Objective() {
  const text = useText();
  return (
    <Section title="Objective and metrics">
      <div class="fields">
        <SelectField label="Direction" members={[]} options={DIRECTIONS} {...text("direction")} />
        <TextField
          label="Objective metric"
          members={["maximize", "minimize"]}
          {...text("metric")}
          placeholder="val_acc"
          hint="Found by its name in what is printed, unless it is listed below."
        />
        <TextField
          label="Which value counts"
          members={["reading"]}
          {...text("reading")}
          list={["last", "best", "mean of last 5"]}
        />
      </div>
      <Metrics />
    </Section>
  );
}

function Search() {
  const { fields } = useFilling();
  const text = useText();
  return (
    <Section title="Search">
      <div class="fields">
        <SelectField label="Strategy" members={["strategy"]} options={STRATEGIES} {...text("strategy")} />
        {fields.strategy === "hyperband" && (
          <>
            <TextField
              label="Least resource"
              members={["hyperband.min_resource"]}
              {...text("minResource")}
              number
            />
            <TextField
              label="Most resource"
              members={["hyperband.max_resource", "hyperband"]}
              {...text("maxResource")}
              placeholder="27"
              number
            />
          </>
        )}
      </div>
    </Section>
  );
}

function Limits() {
  const { fields } = useFilling();
  const text = useText();
  return (
    <Section title="Limits">
      <div class="fields">
        <TextField label="Trainings" members={["trials"]} {...text("trials")} number />
        <TextField label="At once" members={["parallel"]} {...text("parallel")} number />
        <TextField
          label="Time of the job"
          members={["max_runtime"]}
          {...text("maxRuntime")}
          placeholder="2h"
        />
        <TextField
          label="Time of a training"
          members={["max_training_runtime"]}
          {...text("maxTrainingRuntime")}
          placeholder="10m"
        />
      </div>
      <More title="Cost" of={["max_cost", "prices"]} set={fields.maxCost !== "" || fields.prices.length > 0}>
        <div class="fields">
          <TextField label="Most that it may cost" members={["max_cost"]} {...text("maxCost")} number />
        </div>
        <Pairs of="prices" thing="price" names="instance type" values="of a second" />
      </More>
    </Section>
  );
}

function Ending() {
  const { fields, change } = useFilling();
  const text = useText();
  return (
    <Section title="It also ends">
      <div class="fields">
        <TextField label="When the objective is as good as" members={["target"]} {...text("target")} number />
        <TextField
          label="After so many that did not improve"
          members={["not_improving"]}
          {...text("notImproving")}
          number
        />
        <Tick
          label="When little is left to be gained"
          members={["on_convergence"]}
          checked={fields.onConvergence}
          onValue={(onConvergence) => change({ onConvergence })}
        />
      </div>
    </Section>
  );
}

function Stopping() {
  const { fields } = useFilling();
  const text = useText();
  const { percentile, patience, threshold } = fields;
  return (
    <Section title="Early stopping">
      <div class="fields">
        <SelectField
          label="Rule"
          members={["early_stopping.type", "early_stopping"]}
          options={RULES}
          {...text("earlyStopping")}
        />
      </div>
      <More
        title="More rules"
        of={["early_stopping.percentile", "early_stopping.patience", "early_stopping.threshold"]}
        set={`${percentile}${patience}${threshold}` !== ""}
      >
        <div class="fields">
          <TextField
            label="Percentile"
            members={["early_stopping.percentile"]}
            {...text("percentile")}
            number
          />
          <TextField label="Patience" members={["early_stopping.patience"]} {...text("patience")} number />
          <TextField label="Threshold" members={["early_stopping.threshold"]} {...text("threshold")} number />
        </div>
      </More>
    </Section>
  );
}

function Resources() {
  const { fields, change } = useFilling();
  const text = useText();
  return (
    <Section title="Resources of a training">
      <div class="fields">
        <TextField
          label="Instance type"
          members={["instance"]}
          {...text("instance")}
          list={["local", "local_gpu", "ml.m5.xlarge", "ml.g5.xlarge"]}
          hint="What it takes of a host: CPUs, memory, GPUs. local takes a slot."
        />
        <TextField label="Instances" members={["instances"]} {...text("instances")} number />
        <Tick
          label="Its GPUs may be shared"
          members={["share_gpus"]}
          checked={fields.shareGpus}
          onValue={(shareGpus) => change({ shareGpus })}
        />
      </div>
    </Section>
  );
}

function Rest() {
  const { fields, change } = useFilling();
  const text = useText();
  return (
    <>
      <More title="Fixed hyperparameters" of={["fixed"]} set={fields.fixed.length > 0}>
        <Pairs of="fixed" thing="fixed hyperparameter" />
      </More>
      <More title="Environment" of={["environment"]} set={fields.environment.length > 0}>
        <Pairs of="environment" thing="variable" />
      </More>
      <More title="Warm start" of={["warm_start", "transfer"]} set={fields.warmStart !== ""}>
        <div class="fields">
          <TextField
            label="Jobs to learn from"
            members={["warm_start"]}
            {...text("warmStart")}
            placeholder="job-1, job-2"
            hint="One to five that have ended."
          />
          <Tick
            label="They were about other data, or another program"
            members={["transfer"]}
            checked={fields.transfer}
            onValue={(transfer) => change({ transfer })}
          />
        </div>
      </More>
      <More title="Tags" of={["tags"]} set={fields.tags.length > 0}>
        <Pairs of="tags" thing="tag" />
      </More>
    </>
  );
}
