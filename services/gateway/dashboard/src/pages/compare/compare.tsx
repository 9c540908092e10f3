import { Card } from "../../parts/card";
import { Empty } from "../../parts/notices";
import { useQuery } from "../../shell/address";
import { ComparedJobs } from "./jobs";
import { ComparedTrainings } from "./trainings";

const MOST = 12;
const names = (text: string): string[] => [...new Set(text.split(",").filter(Boolean))].slice(0, MOST);

/** Jobs or trainings beside each other; the URL names them, with commas. */
export default function Compare() {
  const [jobs] = useQuery("jobs");
  const [trainings] = useQuery("trainings");
  if (jobs) return <ComparedJobs names={names(jobs)} />;
  if (trainings) return <ComparedTrainings names={names(trainings)} />;
  return (
    <Card title="Compare">
      <Empty title="Nothing is chosen">
        <p>
          Tick two or more in the list of <a href="/jobs">tuning jobs</a>, or in a job's list of trainings.
        </p>
      </Empty>
    </Card>
  );
}
