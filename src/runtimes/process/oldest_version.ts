/** The versions of a binary that will do. */
export interface OldestVersions {
  /** The binary's name in a message. */
  readonly title: string;
  /** The oldest minor version of each of these major ones. Earlier major versions will not do. */
  readonly minors: Readonly<Record<number, number>>;
  /** Whether later major versions will do. */
  readonly allowsLater: boolean;
}

/** Why a binary that printed its version will not do; undefined when it will. */
export function whyNotVersion(output: string, { allowsLater, minors, title }: OldestVersions): string | undefined {
  const version = output.trim();
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const majors = Object.keys(minors).map(Number);
  const oldest = minors[major];
  if (oldest === undefined ? allowsLater && major > Math.max(...majors) : minor >= oldest) return undefined;
  const nearest = oldest === undefined ? Math.min(...majors) : major;
  const later = allowsLater ? "later" : `a later ${nearest}`;
  const shown = JSON.stringify(version.slice(0, 200));
  return `${title} ${nearest}.${minors[nearest]} or ${later} is needed: found ${shown}`;
}
