/** Where this runtime does not do what the conformance suite asks, by the name of the check, and why. */
export function deviations(): Readonly<Record<string, string>> {
  return {};
}
