import type { CanaryFinding, Diagnosis, LayerFinding } from "../../core/diagnosis.ts";
import type { Confinement } from "../../sandbox/confinement.ts";
import { brokenFindings } from "../self_test/findings.ts";
import { CANARIES } from "./canaries.ts";
import { isolationOf, LEVEL_WITH_SANDBOX } from "./isolation.ts";

/** The layers that make a sandbox; of the first two one is enough. */
const SANDBOX_LAYERS = ["namespaces", "landlock", "seccomp", "no_new_privs"];

/** What a diagnosis is made from. */
export interface DiagnosisRequest {
  readonly confinement: Confinement;
  /** What the canaries came to; undefined where there is no Deno to run them with. */
  readonly canaries: readonly CanaryFinding[] | undefined;
}

/** What stands around programs: as the layers were found, and as far as the canaries prove it. */
export function diagnosisOf({ canaries, confinement }: DiagnosisRequest): Diagnosis {
  const isProven = canaries !== undefined &&
    brokenFindings(canaries, { canaries: CANARIES, cost: "runtime" }).length === 0;
  return {
    level: isProven ? isolationOf({ confinement, canaries, allowRun: false }).level : 0,
    layers: [...confinement.findings, permissionsLayer(isProven)],
    canaries: canaries ?? [],
    ...nextOf({ canaries, confinement }),
  };
}

/** Deno's own checks, as a layer: they hold where the canaries say so. */
function permissionsLayer(isProven: boolean): LayerFinding {
  const name = "permissions";
  if (isProven) return { name, active: true, detail: "Deno's own checks, with every flag given" };
  return {
    name,
    active: false,
    detail: "the self-test has not proven them",
    remedy: "see what the canaries found, and name a Deno that keeps its flags (--deno-binary)",
  };
}

/** What the next level takes. */
function nextOf({ canaries, confinement }: DiagnosisRequest): Pick<Diagnosis, "next"> {
  const level = LEVEL_WITH_SANDBOX;
  if (canaries === undefined) return { next: { level, remedy: "install Deno, or name its binary (--deno-binary)" } };
  if (canaries.some(({ kept }) => !kept)) {
    return { next: { level, remedy: "see what the canaries found, and mend it" } };
  }
  if (confinement.isSandbox) return {};
  const missing = confinement.findings.find(({ active, name }) => !active && SANDBOX_LAYERS.includes(name));
  return { next: { level, remedy: missing?.remedy ?? "run the service on Linux" } };
}
