import { LocationProvider, Route, Router } from "preact-iso";
import { token } from "../rpc/token";
import { Boundary } from "./boundary";
import { Frame } from "./frame";
import { page } from "./page";
import { SignIn } from "./sign-in";

const Jobs = page(() => import("../pages/jobs/jobs"));
const Job = page(() => import("../pages/job/job"));
const NewJob = page(() => import("../pages/new-job/new-job"));
const Training = page(() => import("../pages/training/training"));
const Compare = page(() => import("../pages/compare/compare"));
const Workers = page(() => import("../pages/workers/workers"));
const Diagnosis = page(() => import("../pages/diagnosis/diagnosis"));
const NotHere = page(() => import("../pages/not-here"));

export function App() {
  if (!token.value) return <SignIn />;
  return (
    <LocationProvider>
      <Frame>
        <Boundary>
          <Router>
            <Route path="/" component={Jobs} />
            <Route path="/jobs" component={Jobs} />
            <Route path="/jobs/:name" component={Job} />
            <Route path="/new" component={NewJob} />
            <Route path="/trainings/:name" component={Training} />
            <Route path="/compare" component={Compare} />
            <Route path="/workers" component={Workers} />
            <Route path="/diagnosis" component={Diagnosis} />
            <Route default component={NotHere} />
          </Router>
        </Boundary>
      </Frame>
    </LocationProvider>
  );
}
