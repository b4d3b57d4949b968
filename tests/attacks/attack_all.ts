import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { delay } from "../../src/concurrency/delay.ts";
import { Semaphore } from "../../src/concurrency/semaphore.ts";
import { isPresent } from "../support/requirements.ts";
import { assault, assaultBare, assaultInTurn, type Report, type Target, tryHonestyAfter } from "./assault.ts";
import { bareAvailability, bareAvailabilityOf, bareEnvironmentOf } from "./bare.ts";
import type { Attack, AttackTable, Exemption } from "./attack.ts";
import { findingsAfterAll } from "./oracles.ts";
import { openSubject, type Setup, SETUPS, type Subject } from "./subjects.ts";
import { ATTACKS } from "./mod.ts";
import { rowsOf } from "./rows.ts";
import { Worlds } from "./worlds.ts";

/** So many attacks of one subject and category go on at a time. */
const AT_A_TIME = 4;
/** So often an attack is begun that nothing holds. */
const MAX_BEGINNINGS = 10;
/** What a check of the binary has is gone within so many looks. */
const MAX_LOOKS = 100;
const BETWEEN_LOOKS_MS = 100;
/** No attack may be exempted from an oracle at this level or above. */
const LEVEL_WITHOUT_EXEMPTIONS = 8;

/** Registers the attacks on the chosen subjects. */
export async function testSubjects(isChosen: (setup: Setup) => boolean): Promise<void> {
  for (const [name, setup] of Object.entries(SETUPS)) {
    if (!isChosen(setup)) continue;
    const subject = await openSubject(name);
    Deno.test.afterAll(async () => await subject[Symbol.asyncDispose]());
    if (isPresent(subject.name, await subject.isAvailable())) testSubject(subject);
  }
}

function testSubject(subject: Subject): void {
  const { categories, isWarm, name } = subject;
  let warm = 0;
  // The runtime's binary is checked every 30 s, so a check may begin or end here. The last test finds what attacks leave.
  const aside = { sanitizeOps: false, sanitizeResources: false };
  for (const table of ATTACKS) {
    if (!categories.includes(table.category) || attacksOn(subject, table, table.attacks).length === 0) continue;
    Deno.test(`[${name}] holds the attacks on ${table.category}`, aside, async (test) => {
      await using worlds = new Worlds();
      warm += await attackAll({ subject, worlds }, table, test);
    });
  }
  const met = isWarm ? "attacks have met processes" : "no attack has met processes";
  Deno.test(`[${name}] ${met} that were made ready`, aside, () => assertEquals(warm > 0, isWarm));
  Deno.test(`[${name}] nothing is left of any attack`, aside, async () => {
    let left = await findingsAfterAll(subject);
    for (let looks = 1; left.length > 0 && looks < MAX_LOOKS; looks++) { // What a check has goes with it.
      await delay(BETWEEN_LOOKS_MS);
      left = await findingsAfterAll(subject);
    }
    assertEquals(left, []);
  });
}

/** Registers the attacks that are harmless without any sandbox: there the oracles must see them. */
export async function testBare(): Promise<void> {
  if (!isPresent("attacks that nothing holds", await bareAvailability())) return;
  const own = bareEnvironmentOf("ecmascript");
  const hasOwn = isPresent(own, await bareAvailabilityOf(own));
  for (const { category, attacks } of ATTACKS) {
    // Those in web are those in TypeScript once more.
    const harmless = attacks.filter(({ language, trips }) =>
      trips !== undefined && language !== "web" && (hasOwn || language !== "ecmascript")
    );
    if (harmless.length === 0) continue;
    Deno.test(`Where nothing holds them, attacks on ${category} are seen`, async (test) => {
      await inTurns(harmless, (attack) =>
        step(test, attack.name, async () => {
          const { findings, transcript } = await untilItBegins(() => assaultBare(attack));
          assert(findings.some(({ oracle }) => oracle === attack.trips), JSON.stringify({ findings, transcript }));
        }));
    });
  }
}

/** Gives how many met a process that was made ready for them. */
async function attackAll(target: Target, table: AttackTable, test: Deno.TestContext): Promise<number> {
  const { subject } = target;
  const tried = attacksOn(subject, table, table.attacks);
  const refused: string[] = [];
  let warm = 0;
  const check = (attack: Attack, report: Report) => {
    const { findings, level, transcript, unenforced, wasWarm } = report;
    if (wasWarm) warm++;
    checkRefusal(attack, { report, subject });
    assertEquals(unenforced?.filter((limit) => !(limit in subject.unenforced)) ?? [], []);
    if (report.refusal !== undefined || unenforced !== undefined) refused.push(attack.name);
    const { oracle } = exemptionFor(attack, { subject, level }) ?? {};
    assertEquals(findings.filter((finding) => finding.oracle !== oracle), [], JSON.stringify(transcript));
  };
  const attacks = subject.runsCells ? tried.map(inCell) : tried;
  await inTurns(rowsOf(attacks, subject), async (row) => {
    const together = row.length > 1 ? await assaultInTurn(row, target) : undefined;
    const isHeld = together?.findings.length === 0;
    for (const [index, attack] of row.entries()) {
      const report = isHeld ? together.reports[index] : undefined;
      await step(test, titleOf(attack, subject), async () => check(attack, report ?? await assault(attack, target)));
    }
    if (isHeld || together === undefined) return;
    const title = `one after another: ${row.map(({ name }) => name).join("; ")}`;
    await step(test, title, () => assertEquals(together.findings, []));
  });
  const spoilers = new Map(tried.filter(({ spoils }) => spoils).map((attack) => [attack.language, attack]));
  for (const [language = "typescript", attack] of spoilers) {
    await test.step(`an honest program in ${language} works after those that spoiled their environments`, async () => {
      assertEquals(await tryHonestyAfter(attack, target), []);
    });
  }
  const title = `${refused.length} of ${tried.length} are refused before they begin: ${refused.join("; ") || "none"}`;
  const mayRefuseAll = Object.keys(subject.unenforced).length > 0;
  await test.step(title, () => assert(refused.length < tried.length || mayRefuseAll, "No attack was tried"));
  await inTurns(attacksOn(subject, table, table.controls), (control) =>
    step(test, control.name, async () => {
      const report = await assault(control, target);
      const { findings, refusal, transcript, unenforced } = report;
      checkRefusal(control, { report, subject });
      assertEquals(unenforced, undefined, "A control names no limit that is not enforced");
      const seen = findings.map(({ oracle }) => oracle);
      assert(refusal !== undefined || seen.includes(control.seenBy), JSON.stringify({ findings, transcript }));
    }));
  return warm;
}

/** A cell ends when its code has been evaluated: what goes on behind it ends with its context. */
function inCell({ ends, ...attack }: Attack): Attack {
  return ends === undefined ? attack : { ...attack, ends: [...ends, "exited"] };
}

/** What is refused is listed with what the refusal says, and what is listed is refused. */
function checkRefusal(
  { name, refusals = {} }: Attack,
  { report: { refusal }, subject }: { readonly report: Report; readonly subject: Subject },
): void {
  const listed = refusals[subject.name];
  if (listed === undefined) return assertEquals(refusal, undefined, `${name} is refused in ${subject.name}`);
  assertStringIncludes(refusal ?? "It is not refused", listed);
}

/**
 * Tries an attack again that could not begin: bubblewrap gives up where it binds the whole machine and a file system there
 * goes, as those of other tests' environments do.
 */
async function untilItBegins<T extends Pick<Report, "transcript">>(act: () => Promise<T>): Promise<T> {
  for (let tries = 1;; tries++) {
    const report = await act();
    const gaveUp = report.transcript.answers.some((answer) => answer.includes("bwrap: Can't bind mount"));
    if (!gaveUp || tries === MAX_BEGINNINGS) return report;
  }
}

/** The name of an attack, with what is exempt there. */
function titleOf({ exemptions = {}, name }: Attack, subject: Subject): string {
  const exemption = exemptions[subject.name];
  return exemption === undefined ? name : `${name} (${exemption.oracle} is exempt: ${exemption.reason})`;
}

/** Several at a time. */
async function inTurns<T>(all: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
  const turns = new Semaphore(AT_A_TIME);
  await Promise.all(all.map(async (one) => {
    using _turn = await turns.acquire();
    await act(one);
  }));
}

/** A step beside others; the test around them sees to it that they leave nothing open. */
async function step(test: Deno.TestContext, name: string, fn: () => void | Promise<void>): Promise<void> {
  await test.step({ name, sanitizeOps: false, sanitizeResources: false, sanitizeExit: false, fn });
}

function attacksOn<T extends Attack>(
  { languages, meetsEveryAttackOn, omits }: Subject,
  { category }: AttackTable,
  attacks: readonly T[],
): T[] {
  return attacks.filter(({ language = "typescript", name, standIn }) =>
    languages.includes(language) && !Object.hasOwn(omits, name) &&
    (meetsEveryAttackOn.includes(category) || standIn === undefined)
  );
}

function exemptionFor(
  { exemptions = {}, name }: Attack,
  { subject, level }: { readonly subject: Subject; readonly level: number },
): Exemption | undefined {
  const exemption = exemptions[subject.name];
  if (exemption !== undefined && level >= LEVEL_WITHOUT_EXEMPTIONS) {
    throw new Error(`${name} is exempt in ${subject.name}, which is at level ${level}`);
  }
  return exemption;
}
