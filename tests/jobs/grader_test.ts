import { assertEquals } from "@std/assert";
import { delay } from "../../src/concurrency/delay.ts";
import type { Execution } from "../../src/core/execution.ts";
import { ApiClient } from "../support/api_client.ts";
import { isPresent } from "../support/requirements.ts";
import { type ServiceProcess, startServiceProcess } from "../support/service_process.ts";
import { SUBMISSIONS } from "./submissions.ts";

// A course: everyone submits at once, on a service that is started as README says.

const COUNT = 200;
/** The exercise: print the sum of the numbers on standard input. */
const TESTS = [{ stdin: "1 2 3\n", expected: "6" }, { name: "negative", stdin: "-5 5\n", expected: "0" }];
/** A submission computes for at most two seconds; its clock has room for a machine that is busy with other things. */
const LIMITS = { cpuMs: 2_000, memoryMb: 256, maxTotalOutputBytes: 1_000_000 };
const TIMEOUT_MS = 60_000;

/** What compilers need is made once for a home, so both services have this one. */
const home = await Deno.makeTempDir();
Deno.test.afterAll(async () => await Deno.remove(home, { recursive: true }));

interface Graded {
  readonly language: string;
  readonly wanted: string;
  readonly verdicts: readonly string[] | string;
}

/** Grades a submission. It stops at the first failure, so that the last verdict is that of the submission. */
async function grade(client: ApiClient, { code, language }: { readonly code: string; readonly language: string }) {
  return await client.json("POST", "/v1/executions", {
    ...{ language, code, tests: TESTS, stopAtFirstFailure: true, limits: LIMITS, timeoutMs: TIMEOUT_MS },
  }) as Execution & { readonly detail?: string };
}

/** The languages that this machine runs, once what their compilers need is there. */
async function presentLanguages(): Promise<string[]> {
  await using service = await startServiceProcess([], { CODEBEAKER_HOME: home });
  const client = new ApiClient(service);
  const present: string[] = [];
  for (const [language, programs] of Object.entries(SUBMISSIONS)) {
    let answer = await grade(client, { language, code: programs.accepted ?? "" });
    for (let tries = 0; /still being made/.test(answer.detail ?? "") && tries < 120; tries++) {
      await delay(1_000);
      answer = await grade(client, { language, code: programs.accepted ?? "" });
    }
    const isThere = answer.detail === undefined;
    const availability = isThere
      ? { available: true } as const
      : { available: false, reason: answer.detail ?? "" } as const;
    if (isPresent(language === "javascript" ? "deno" : `native/${language}`, availability)) present.push(language);
  }
  return present;
}

const languages = await presentLanguages();

async function gradeAll(service: ServiceProcess): Promise<readonly Graded[]> {
  const client = new ApiClient(service);
  const all = languages.flatMap((language) =>
    Object.entries(SUBMISSIONS[language] ?? {}).map(([wanted, code]) => ({ language, wanted, code }))
  );
  const submitted = Array.from({ length: COUNT }, (_, n) => all[n % all.length]).filter((one) => one !== undefined);
  return await Promise.all(submitted.map(async ({ code, language, wanted }) => {
    const { detail, tests = [] } = await grade(client, { code, language });
    return { language, wanted, verdicts: detail ?? tests.map(({ verdict }) => verdict) };
  }));
}

Deno.test(`${COUNT} submissions in several languages at once all get the right verdict`, async () => {
  await using service = await startServiceProcess([], { CODEBEAKER_HOME: home });
  const graded = await gradeAll(service);
  const wrong = graded.filter(({ verdicts, wanted }) => typeof verdicts === "string" || verdicts.at(-1) !== wanted);
  assertEquals([graded.length, wrong], [COUNT, []]);
});
