import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { EXPECTED_FAILURES, EXPECTED_WARNINGS, type ExpectedFailure } from "./conformance/baseline.ts";
import { serveDiagnostics } from "./conformance/serve.ts";

/** The official suite, and its last version before the revision 2026-07-28. */
const SUITES = [
  { version: "0.2.0-alpha.12", revision: "2026-07-28", scenarios: 40 },
  { version: "0.2.0-alpha.12", revision: "2025-11-25", scenarios: 33 },
  { version: "0.1.16", revision: "2025-11-25", scenarios: 32 },
] as const;

interface Check {
  readonly id: string;
  readonly status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
}

for (const { version, revision, scenarios } of SUITES) {
  Deno.test(`the conformance suite ${version} passes for ${revision}, but for what is declared`, async () => {
    const output = await Deno.makeTempDir();
    const { door, listener } = serveDiagnostics();
    try {
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--allow-all", `npm:@modelcontextprotocol/conformance@${version}`, "server"],
          ...["--url", `${listener.url}/mcp`, "--suite", "all", "--spec-version", revision, "--output-dir", output],
        ],
        cwd: output, // Beside no project, so that no file of it changes.
        stdin: "null",
      }).output();
      const printed = `${new TextDecoder().decode(stdout)}${new TextDecoder().decode(stderr)}`;
      const results = await readResults(output);
      assertEquals(results.size, scenarios, printed.slice(-2_000));
      assert([...results.values()].flat().some(({ status }) => status === "SUCCESS"));
      assertEquals(withStatus(results, "FAILURE"), namesOf(EXPECTED_FAILURES[revision]));
      assertEquals(withStatus(results, "WARNING"), namesOf(EXPECTED_WARNINGS[revision]));
    } finally {
      await door[Symbol.asyncDispose]();
      await listener.close(() => Promise.resolve());
      await Deno.remove(output, { recursive: true });
    }
  });
}

/** The checks of each scenario, which the suite writes to a folder of its own. */
async function readResults(output: string): Promise<Map<string, Check[]>> {
  const results = new Map<string, Check[]>();
  for await (const { name } of Deno.readDir(output)) {
    const scenario = /^server-(.*)-\d{4}-\d{2}-\d{2}T/.exec(name)?.[1] ?? name;
    results.set(scenario, JSON.parse(await Deno.readTextFile(join(output, name, "checks.json"))));
  }
  return results;
}

function withStatus(results: ReadonlyMap<string, readonly Check[]>, wanted: Check["status"]): string[] {
  return [...results].flatMap(([scenario, checks]) =>
    checks.filter(({ status }) => status === wanted).map(({ id }) => `${scenario}: ${id}`)
  ).toSorted();
}

function namesOf(expected: readonly ExpectedFailure[] = []): string[] {
  return expected.map(({ scenario, check }) => `${scenario}: ${check}`).toSorted();
}
