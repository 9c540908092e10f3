// Each page is a file of its own that comes when it is first asked for.

import type { ComponentType } from "preact";
import { lazy } from "preact-iso";
import { Empty } from "../parts/notices";

/** A new version's files are called otherwise: a tab that was opened before it finds the old ones no more. */
export const page = <P extends object>(
  load: () => Promise<{ default: ComponentType<P> }>,
): ComponentType<P> => lazy(() => load().catch(() => ({ default: Missing })));

function Missing() {
  return (
    <Empty title="This page has not come">
      <p role="alert">The dashboard was updated, or the server is away.</p>
      <button type="button" class="main" onClick={() => location.reload()}>
        Reload
      </button>
    </Empty>
  );
}
