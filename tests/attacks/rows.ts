import { type Attack, stepsOf } from "./attack.ts";
import type { Subject } from "./subjects.ts";

/** More attacks do not share an environment: rows go on side by side. */
const MAX_LENGTH = 6;

/** Attacks that are carried out one after another in one environment. */
export type Row = readonly [Attack, ...Attack[]];

/** What of a subject says which attacks may share an environment. */
type Shared = Pick<Subject, "isWarm" | "name" | "scratchDirectory">;

/** Puts attacks that ask for the same environment, and leave it as it was but for its files, into rows. */
export function rowsOf(attacks: readonly Attack[], subject: Shared): Row[] {
  const rows: [Attack, ...Attack[]][] = [];
  const open = new Map<string, [Attack, ...Attack[]]>();
  for (const attack of attacks) {
    const key = sharesEnvironment(attack, subject) ? keyOf(attack) : undefined;
    const row = key === undefined ? undefined : open.get(key);
    if (row !== undefined && row.length < MAX_LENGTH) row.push(attack);
    else {
      const begun: [Attack, ...Attack[]] = [attack];
      rows.push(begun);
      if (key !== undefined) open.set(key, begun);
    }
  }
  return rows;
}

/** Where processes are made ready, only the first program meets one; a neighbour has to be there before. */
function sharesEnvironment(attack: Attack, { isWarm, name, scratchDirectory }: Shared): boolean {
  const { exemptions = {}, refusals = {}, spoils } = attack;
  const isPlain = spoils !== true && !(name in exemptions) && !(name in refusals);
  const isOnHost = scratchDirectory !== undefined; // Containers are for one attack each.
  return isPlain && !isWarm && isOnHost && !stepsOf(attack).some((step) => "neighbour" in step);
}

function keyOf({ env, language, limits, openNetworks, permissions }: Attack): string {
  return JSON.stringify([language, permissions, limits, openNetworks, env]);
}
