import type { CanaryFinding } from "../../core/diagnosis.ts";
import { type Canary, type CanaryCost, HONEST_CANARY } from "./canary.ts";

/** The remedy where the self-test has found a runtime broken. */
export const SEE_DOCTOR = "see the findings of codebeaker doctor, and mend their causes";

type Promised = Pick<Canary<never>, "name" | "promise">;

/** The findings for canaries that all keep their promise. */
export function passingFindings(canaries: readonly Promised[]): CanaryFinding[] {
  return canaries.map(({ name, promise }) => ({ name, promise, kept: true }));
}

/** The findings for canaries that could not be run, each of which counts as broken. */
export function untestedFindings(canaries: readonly Promised[], reason: string): CanaryFinding[] {
  return canaries.map(({ name, promise }) => ({ name, promise, kept: false, detail: reason }));
}

/** Whether the honest program ran. Otherwise the findings say little, and the self-test is run again. */
export function honestCanaryRan(findings: readonly CanaryFinding[]): boolean {
  return findings.some(({ name, kept }) => name === HONEST_CANARY && kept);
}

/** The broken promises with this cost. A canary without a finding counts as broken. */
export function brokenFindings(
  findings: readonly CanaryFinding[],
  { canaries, cost }: {
    readonly canaries: readonly (Promised & Pick<Canary<never>, "cost">)[];
    readonly cost: CanaryCost;
  },
): CanaryFinding[] {
  return canaries.filter((canary) => canary.cost === cost).flatMap(({ name, promise }) => {
    const finding = findings.find((one) => one.name === name) ?? { name, promise, kept: false };
    return finding.kept ? [] : [finding];
  });
}

/** Why a runtime with these broken promises runs no program; undefined when there are none. */
export function describeBrokenPromises(broken: readonly CanaryFinding[]): string | undefined {
  if (broken.length === 0) return undefined;
  const faults = broken.map(({ detail, name }) => detail ?? name);
  return `the self-test found that programs are not confined: ${faults.join("; ")}`;
}
