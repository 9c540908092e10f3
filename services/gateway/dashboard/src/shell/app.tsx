import { ErrorBoundary, LocationProvider, lazy, Route, Router } from "preact-iso";
import { token } from "../rpc/token";
import { Frame } from "./frame";
import { SignIn } from "./sign-in";

// Each page is a file of its own that comes when it is first asked for.
const Jobs = lazy(() => import("../pages/jobs/jobs"));
const Job = lazy(() => import("../pages/job/job"));
const NewJob = lazy(() => import("../pages/new-job/new-job"));
const Training = lazy(() => import("../pages/training/training"));
const Compare = lazy(() => import("../pages/compare/compare"));
const Workers = lazy(() => import("../pages/workers/workers"));
const Diagnosis = lazy(() => import("../pages/diagnosis/diagnosis"));
const NotHere = lazy(() => import("../pages/not-here"));

export function App() {
  if (!token.value) return <SignIn />;
  return (
    <LocationProvider>
      <Frame>
        <ErrorBoundary>
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
        </ErrorBoundary>
      </Frame>
    </LocationProvider>
  );
}
