/** The versions of a binary that will do. */
export interface OldestVersions {
  /** The binary's name in a message. */
  readonly title: string;
  /** The oldest minor version of each of these major ones. Earlier major versions will not do. */
  readonly minors: Readonly<Record<number, number>>;
  /** Whether later major versions will do. */
  readonly allowsLater: boolean;
}

/** The oldest version that will do, as "Node 22.18 or later". `major` is that of a binary that will not do. */
export function oldestVersion(
  { allowsLater, minors, title }: OldestVersions,
  major = Math.min(...Object.keys(minors).map(Number)),
): string {
  return `${title} ${major}.${minors[major]} or ${allowsLater ? "later" : `a later ${major}`}`;
}

/** Why a binary that printed its version will not do; undefined when it will. */
export function whyNotVersion(output: string, oldestVersions: OldestVersions): string | undefined {
  const { allowsLater, minors } = oldestVersions;
  const version = output.trim();
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const majors = Object.keys(minors).map(Number);
  const oldest = minors[major];
  if (oldest === undefined ? allowsLater && major > Math.max(...majors) : minor >= oldest) return undefined;
  const needed = oldestVersion(oldestVersions, oldest === undefined ? undefined : major);
  return `${needed} is needed: found ${JSON.stringify(version.slice(0, 200))}`;
}
