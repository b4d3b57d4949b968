import type { Service } from "../compose/mod.ts";
import { print } from "./output.ts";

/** Says where a service listens and which runtimes it found, and what to do where none reaches the isolation floor. */
export async function announce({ engine, selector }: Service, url: string): Promise<void> {
  const runtimes = await engine.describeRuntimes();
  const found = runtimes.map(({ name, available, reason }) => available ? name : `${name} (unavailable: ${reason})`);
  await print(`CodeBeaker listens on ${url}, runtimes: ${found.join(", ")}`);
  const levels = runtimes.map(({ available, isolation }) => available ? isolation.level : 0);
  const best = Math.max(0, ...levels);
  if (best >= selector.minIsolation) return;
  await print(
    `No runtime reaches the isolation floor ${selector.minIsolation} (the best here: ${best}): make one available, or lower --min-isolation`,
  );
}
