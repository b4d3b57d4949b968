import type { CanaryFinding, Diagnosis, LayerFinding } from "../../core/diagnosis.ts";
import type { Confinement } from "../../sandbox/confinement.ts";
import { brokenFindings } from "../self_test/findings.ts";
import { isolationOf, LEVEL_SHARED, LEVEL_UNCHECKED, LEVEL_WITH_SANDBOX } from "./isolation.ts";
import { canariesOf } from "./self_test/layer_canaries.ts";
import type { PermissionSpec, ProcessSpec } from "./spec.ts";

/** The layers that make a sandbox; of the first two one is enough. */
const SANDBOX_LAYERS = ["namespaces", "landlock", "seccomp", "no_new_privs"];
/** The layers that bound a program which nothing else checks. */
const ALL_LAYERS = [...SANDBOX_LAYERS, "own_user", "rlimits", "cgroup"];

/** The facts behind a diagnosis. */
export interface DiagnosisRequest {
  readonly spec: ProcessSpec;
  readonly confinement: Confinement;
  /** The findings of the self-test; undefined where there is no binary to run it with. */
  readonly canaries: readonly CanaryFinding[] | undefined;
}

/** Diagnoses the layers around programs, as far as the self-test has tested them. */
export function diagnosisOf(request: DiagnosisRequest): Diagnosis {
  const { canaries, confinement, spec } = request;
  const { permissions: checks } = spec;
  const passed = canaries !== undefined &&
    brokenFindings(canaries, { canaries: canariesOf(spec, confinement), cost: "runtime" }).length === 0;
  const { level } = passed ? isolationOf({ confinement, canaries, checks, allowRun: false }) : { level: 0 };
  return {
    level: sharesProcesses(spec) ? Math.min(level, LEVEL_SHARED) : level,
    layers: [...confinement.findings, ...(checks === undefined ? [] : [permissionsLayer(checks, { active: passed })])],
    canaries: canaries ?? [],
    ...nextOf(request),
  };
}

/** Whether programs that ask for no level follow each other in one process. */
function sharesProcesses({ facts: { supportedEnvironments: [environment = ""] }, shared }: ProcessSpec): boolean {
  return shared?.isShared({ environment, minIsolation: 0 }) === true;
}

/** The binary's own checks, as a layer. */
function permissionsLayer(
  { detail, remedy }: PermissionSpec,
  { active }: Pick<LayerFinding, "active">,
): LayerFinding {
  const name = "permissions";
  return active
    ? { name, active, detail }
    : { name, active, detail: "the self-test has not confirmed the checks", remedy };
}

/** The next level, and how to reach it. */
function nextOf({ canaries, confinement, spec }: DiagnosisRequest): Pick<Diagnosis, "next"> {
  const isUnchecked = spec.permissions === undefined;
  const level = isUnchecked ? LEVEL_UNCHECKED : LEVEL_WITH_SANDBOX;
  if (canaries === undefined) return { next: { level, remedy: spec.binary.remedy } };
  if (canaries.some(({ kept }) => !kept)) {
    return { next: { level, remedy: "see the findings of the canaries, and mend their causes" } };
  }
  if (isUnchecked ? confinement.isComplete : confinement.isSandbox) {
    return spec.shared !== undefined && sharesProcesses(spec) ? { next: { level, remedy: spec.shared.remedy } } : {};
  }
  const needed = isUnchecked ? ALL_LAYERS : SANDBOX_LAYERS;
  const missing = confinement.findings.find(({ active, name }) => !active && needed.includes(name));
  return { next: { level, remedy: missing?.remedy ?? "run the service on Linux" } };
}
