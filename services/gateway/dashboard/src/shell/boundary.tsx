// What breaks outside of any card, the reading of the address too, is told in the page's place.

import { Component, type ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { Empty } from "../parts/notices";

export function Boundary({ children }: { children: ComponentChildren }) {
  const { url } = useLocation();
  return <Unbroken at={url}>{children}</Unbroken>;
}

interface Props {
  at: string;
  children: ComponentChildren;
}

interface State {
  at: string;
  broken: Error | undefined;
}

class Unbroken extends Component<Props, State> {
  override state: State = { at: this.props.at, broken: undefined };

  static override getDerivedStateFromError(broken: Error): Partial<State> {
    return { broken };
  }

  /** Who goes elsewhere tries anew. */
  static override getDerivedStateFromProps({ at }: Props, state: State): State | null {
    return at === state.at ? null : { at, broken: undefined };
  }

  render({ children }: Props, { broken }: State) {
    if (!broken) return children;
    return (
      <Empty title="This page cannot be shown">
        <p role="alert">
          {broken instanceof URIError ? "Its address is mistyped." : `It is broken: ${broken.message}`}
        </p>
        <a href="/jobs">All tuning jobs</a>
      </Empty>
    );
  }
}
