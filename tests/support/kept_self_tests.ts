import { existsSync, mkdirSync } from "node:fs";
import { join } from "@std/path";
import { SelfTestResults } from "../../src/runtimes/self_test/self_test_results.ts";

const FILE = "self_test.json";
const PASSED = "passed";

/**
 * Directory in which the processes of one run of the tests keep results for each other; absent, each keeps its own. Its name is not
 * like a setting's: the command line refuses settings that it does not know.
 */
export const KEPT_VARIABLE = "TEST_KEPT_SELF_TESTS";

const shared = Deno.env.get(KEPT_VARIABLE);
/** What hosts of this process have passed. */
const passedHere = new Set<string>();
const passedElsewhere = new SelfTestResults(shared && makeHostsDirectory(shared));
let kept: Readonly<Record<string, unknown>> = {};

/**
 * Self-tests that hosts of this run of the tests have passed: they are not what most tests test. A version has them for each
 * set of layers, since tests take layers away.
 */
export const HOSTS_SELF_TESTS: Pick<SelfTestResults, "add" | "has"> = {
  has: async (subject, version) =>
    passedHere.has(`${subject} ${version}`) || await passedElsewhere.has(`${subject} ${version}`, PASSED),
  async add(subject, version) {
    passedHere.add(`${subject} ${version}`);
    await passedElsewhere.add(`${subject} ${version}`, PASSED);
  },
};

/**
 * Gives a home the self-tests that services before have passed, unless it has results of its own: a self-test takes longer than
 * most tests, which are not about it.
 */
export async function plantSelfTests(home: string): Promise<void> {
  const path = join(home, FILE);
  const passed = await readPassed();
  if (existsSync(path) || Object.keys(passed).length === 0) return;
  await Deno.mkdir(home, { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(path, JSON.stringify(passed), { mode: 0o600 });
}

/** Keeps the self-tests that the service of a home has passed. */
export async function keepSelfTests(home: string): Promise<void> {
  const known = await readPassed();
  kept = { ...known, ...await read(home) };
  const text = JSON.stringify(kept);
  if (shared === undefined || text === JSON.stringify(known)) return;
  const fresh = await Deno.makeTempFile({ dir: shared });
  await Deno.writeTextFile(fresh, text);
  await Deno.rename(fresh, join(shared, FILE));
}

async function readPassed(): Promise<Readonly<Record<string, unknown>>> {
  return shared === undefined ? kept : { ...kept, ...await read(shared) };
}

async function read(directory: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return JSON.parse(await Deno.readTextFile(join(directory, FILE)));
  } catch {
    return {}; // Nothing has passed yet, or the home is gone.
  }
}

/** Results of hosts have another form than those of homes. */
function makeHostsDirectory(directory: string): string {
  const path = join(directory, "hosts");
  mkdirSync(path, { recursive: true });
  return path;
}
