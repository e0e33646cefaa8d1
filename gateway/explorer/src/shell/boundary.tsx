import { Component, type ReactNode } from "react";

// A view that cannot be drawn leaves the rest of the page as it is. Mostly it could not be loaded: the gateway is away,
// or is of a newer version than the page.
export class Boundary extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError = () => ({ hasFailed: true });

  override render() {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <div className="state" role="alert">
        <h1 className="state-title">This view could not be loaded</h1>
        <p>The gateway may be away, or newer than this page.</p>
        <button type="button" className="button" onClick={() => location.reload()}>
          Load the page again
        </button>
      </div>
    );
  }
}
