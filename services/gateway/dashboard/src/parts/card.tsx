import { Component, type ComponentChildren } from "preact";
import { Failed } from "./notices";

interface Props {
  title: string;
  /** Buttons and choices, at the right of the title. */
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** A part of a page. What breaks inside it is told in its place, and the rest of the page goes on. */
export class Card extends Component<Props, { broken?: Error }> {
  override state: { broken?: Error } = {};

  static override getDerivedStateFromError(broken: Error) {
    return { broken };
  }

  render({ title, actions, children }: Props) {
    const { broken } = this.state;
    const mend = () => this.setState({ broken: undefined } as unknown as { broken?: Error });
    return (
      <section class="card" aria-label={title}>
        <header>
          <h2>{title}</h2>
          {actions && <div class="actions">{actions}</div>}
        </header>
        {broken ? (
          <Failed
            fault={{ reason: "FAULT", text: `This part of the page is broken: ${broken.message}`, field: "" }}
            again={mend}
          />
        ) : (
          children
        )}
      </section>
    );
  }
}
