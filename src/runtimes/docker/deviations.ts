/** Where this runtime does not do what the conformance suite asks, by the name of the check, and why. */
export const DEVIATIONS: Readonly<Record<string, string>> = {};
