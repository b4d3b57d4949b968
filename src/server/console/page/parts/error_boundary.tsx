import { Component, type ComponentChildren } from "preact";

/** Shows its children. Where one of them throws, it says so, and the rest of the page stays. */
export class ErrorBoundary
  extends Component<{ readonly children: ComponentChildren }, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static override getDerivedStateFromError(): { readonly hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render() {
    if (this.state.hasFailed) return <p class="display hint">This page cannot show the value.</p>;
    return this.props.children;
  }
}
