import type { CanaryFinding } from "../../../core/diagnosis.ts";
import type { LimitName } from "../../../core/limits.ts";
import type { Isolation } from "../../port.ts";
import { brokenOf, type Claims } from "./canaries.ts";
import type { EngineFacts } from "../engine/engine_facts.ts";

/** The name under which gVisor's own instructions register it. */
export const GVISOR = "runsc";

/** Another kernel between a program and the host's. */
export const LEVEL_OTHER_KERNEL = 10;
/** Every layer of {@link HARDENED}, and system calls are filtered. */
export const LEVEL_HARDENED = 9;
/** Without a filter for system calls a container is no more than the other layers. */
const LEVEL_UNFILTERED = 7;
/** The Engine says that it bounds what a canary found unbounded. */
const LEVEL_WITHOUT_LIMITS = 6;

/** What every container has, whatever its Engine is. */
export const HARDENED = ["container", "namespaces", "no_capabilities", "no_new_privs", "read_only_root"] as const;
const OWN_LIMITS: readonly LimitName[] = ["timeoutMs", "maxOutputBytes", "maxTotalOutputBytes", "diskMb"];
const NO_NETWORK = "--network=none";
const NO_CGROUPS = "--ignore-cgroups";

/** What containers of an OCI runtime are, and what its canaries came to, where that is known. */
export interface IsolationRequest {
  /** Undefined as long as no Engine has ever answered: then it is told what can be expected. */
  readonly facts: EngineFacts | undefined;
  readonly ociRuntime: string | undefined;
  readonly findings: readonly CanaryFinding[];
}

/** The OCI runtime that an isolation level takes, undefined for the Engine's default. */
export function ociRuntimeFor(minIsolation: number, facts: EngineFacts | undefined): string | undefined {
  const isThere = facts !== undefined && GVISOR in facts.runtimes;
  return isThere && minIsolation >= LEVEL_OTHER_KERNEL ? GVISOR : undefined;
}

/** Why containers of an OCI runtime never have a network; undefined when they may. */
export function whyNoNetwork(facts: EngineFacts | undefined, ociRuntime: string | undefined): string | undefined {
  return hasArgument(facts, ociRuntime, NO_NETWORK) ? `${ociRuntime} is registered without a network` : undefined;
}

/** gVisor can be registered to leave the cgroup alone, which then counts and bounds nothing. */
export function keepsCgroup(facts: EngineFacts | undefined, ociRuntime: string | undefined): boolean {
  return !hasArgument(facts, ociRuntime, NO_CGROUPS);
}

/**
 * What is promised of containers of an OCI runtime. gVisor's own kernel filters nothing inside, and what is counted of
 * it are its own threads: it, and not the program, would be refused one.
 */
export function claimsOf(facts: EngineFacts | undefined, ociRuntime: string | undefined): Claims {
  const isCounted = keepsCgroup(facts, ociRuntime);
  return {
    hasSeccomp: ociRuntime === undefined && (facts?.hasSeccomp ?? true),
    limitsMemory: isCounted && (facts?.limitsMemory ?? true),
    limitsProcesses: ociRuntime === undefined && isCounted && (facts?.limitsProcesses ?? true),
  };
}

/** How isolated containers are: as their Engine says, less what their canaries found broken. */
export function isolationOf({ facts, findings, ociRuntime }: IsolationRequest): Isolation {
  const claims = claimsOf(facts, ociRuntime);
  const brokenLimits = brokenOf(findings, "limit").map(({ name }) => name);
  const isFiltered = claims.hasSeccomp && brokenOf(findings, "filter").length === 0;
  const whole = ociRuntime === undefined ? isFiltered ? LEVEL_HARDENED : LEVEL_UNFILTERED : LEVEL_OTHER_KERNEL;
  const limits: LimitName[] = [
    ...OWN_LIMITS,
    ...(keepsCgroup(facts, ociRuntime) ? ["cpuMs"] as const : []),
    ...(claims.limitsMemory && !brokenLimits.includes("memory") ? ["memoryMb"] as const : []),
    ...(claims.limitsProcesses && !brokenLimits.includes("process_count") ? ["maxProcesses"] as const : []),
  ];
  return {
    level: brokenLimits.length > 0 ? LEVEL_WITHOUT_LIMITS : whole,
    layers: [...HARDENED, ...(ociRuntime !== undefined ? ["gvisor"] : isFiltered ? ["seccomp"] : [])],
    limits,
  };
}

function hasArgument(facts: EngineFacts | undefined, ociRuntime: string | undefined, argument: string): boolean {
  return ociRuntime !== undefined && (facts?.runtimes[ociRuntime]?.includes(argument) ?? false);
}
