/** Where this runtime does not do what the conformance suite asks, by the name of the check, and why. */
export const DEVIATIONS: Readonly<Record<string, string>> = {
  "the program is the main module":
    "a main module's static imports read any file of the host unless a layer of the operating system forbids it, so the program is imported by a boot module and import.meta.main is false",
};
