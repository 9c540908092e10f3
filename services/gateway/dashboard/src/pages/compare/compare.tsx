import { Card } from "../../parts/card";
import { Empty } from "../../parts/notices";
import { useQuery } from "../../shell/address";
import { chosen } from "./chosen";
import { ComparedJobs } from "./jobs";
import { ComparedTrainings } from "./trainings";

/** Jobs or trainings beside each other; the URL names them, with commas. */
export default function Compare() {
  const [jobs] = useQuery("jobs");
  const [trainings] = useQuery("trainings");
  const { names, more } = chosen(jobs || trainings);
  if (names.length === 0)
    return (
      <Card title="Compare">
        <Empty title="Nothing is chosen">
          <p>
            Tick two or more in the list of <a href="/jobs">tuning jobs</a>, or in a job's list of trainings.
          </p>
        </Empty>
      </Card>
    );
  const Compared = jobs ? ComparedJobs : ComparedTrainings;
  return (
    <>
      {more > 0 && (
        <p class="stale" role="status">
          {names.length + more} were chosen. These are the first {names.length}, as many as can be told apart.
        </p>
      )}
      <Compared key={names.join(",")} names={names} />
    </>
  );
}
