import {
  type CanaryFinding,
  type Diagnosis,
  HONEST_CANARY,
  type LayerFinding,
  untestedFindings,
} from "../../../core/diagnosis.ts";
import { brokenOf, claimed } from "./canaries.ts";
import type { EngineFacts } from "../engine/engine_facts.ts";
import { claimsOf, GVISOR, isolationOf, LEVEL_HARDENED, LEVEL_OTHER_KERNEL } from "./isolation.ts";
import type { Proof } from "./self_tests.ts";

const INSTALL = "install Docker Engine, let the service's user use its socket, or name where it listens (DOCKER_HOST)";
const BUILD_IMAGES = "pull an image, or build local ones with the task `images`: the self-test runs in one";
const INSTALL_GVISOR =
  'install gVisor, register it in /etc/docker/daemon.json ("runtimes": {"runsc": {"path": "/usr/bin/runsc"}}), and restart the Engine';
const FILTER_CALLS = "run an Engine with its built-in seccomp profile, on a kernel that has seccomp filters";
const LIMIT_MORE = "let the Engine use the memory and pids controllers (cgroup v2, or both of v1)";

/** What a diagnosis is made from. */
export interface DiagnosisRequest {
  readonly facts: EngineFacts;
  /** What is known of the Engine's default, and of gVisor where that is registered. */
  readonly proof: Proof;
  readonly gvisorProof: Proof | undefined;
  /** Why a container can have no network of its own; undefined when it can. */
  readonly whyNoNetwork: string | undefined;
}

/** What stands around programs as long as no Engine answers: nothing, since none can be run. */
export function diagnosisWithout(reason: string): Diagnosis {
  return {
    level: 0,
    layers: [{ name: "container", active: false, detail: reason, remedy: INSTALL }],
    canaries: [],
    next: { level: LEVEL_HARDENED, remedy: INSTALL },
  };
}

/** What stands around programs: as the Engine tells, and as far as the canaries prove it. */
export function diagnosisOf(request: DiagnosisRequest): Diagnosis {
  const { facts, gvisorProof, proof } = request;
  const findings = findingsOf(proof, { facts, ociRuntime: undefined });
  const gvisorFindings = gvisorProof === undefined ? [] : findingsOf(gvisorProof, { facts, ociRuntime: GVISOR });
  const isProven = proof.kind === "tested" && brokenOf(findings, "runtime").length === 0;
  const level = isProven ? isolationOf({ facts, ociRuntime: undefined, findings }).level : 0;
  const hasGvisor = isKept(gvisorProof);
  return {
    level,
    layers: describe(request, { findings, isTested: proof.kind === "tested", hasGvisor }),
    canaries: [...findings, ...gvisorFindings.map((finding) => ({ ...finding, name: `${GVISOR}/${finding.name}` }))],
    ...nextOf(level, { hasGvisor, proof, facts }),
  };
}

function isKept(proof: Proof | undefined): boolean {
  return proof?.kind === "tested" && proof.findings.every(({ kept }) => kept);
}

function findingsOf(
  proof: Proof,
  { facts, ociRuntime }: { readonly facts: EngineFacts; readonly ociRuntime: string | undefined },
): readonly CanaryFinding[] {
  switch (proof.kind) {
    case "tested":
      return proof.findings;
    case "failed":
      return untestedFindings(claimed(claimsOf(facts, ociRuntime)), proof.reason);
    case "no_image":
      return [];
  }
}

function nextOf(
  level: number,
  { facts, hasGvisor, proof }: {
    readonly facts: EngineFacts;
    readonly hasGvisor: boolean;
    readonly proof: Proof;
  },
): Pick<Diagnosis, "next"> {
  if (level >= LEVEL_HARDENED) {
    return hasGvisor ? {} : { next: { level: LEVEL_OTHER_KERNEL, remedy: INSTALL_GVISOR } };
  }
  const remedy = proof.kind === "no_image"
    ? BUILD_IMAGES
    : proof.kind === "failed" || brokenOf(proof.findings, "runtime").length > 0
    ? "see what the canaries found, and mend the Engine"
    : brokenOf(proof.findings, "limit").length > 0
    ? LIMIT_MORE
    : facts.hasSeccomp
    ? "see why the kernel filters no system calls"
    : FILTER_CALLS;
  return { next: { level: LEVEL_HARDENED, remedy } };
}

/** A layer, the canary that proves it, and its words. */
interface Layer {
  readonly name: string;
  readonly canary?: string;
  readonly isThere: boolean;
  readonly does: string;
  readonly lacks: string;
  readonly remedy: string;
}

function describe(
  { facts, gvisorProof, whyNoNetwork }: DiagnosisRequest,
  { findings, hasGvisor, isTested }: {
    readonly findings: readonly CanaryFinding[];
    readonly isTested: boolean;
    readonly hasGvisor: boolean;
  },
): LayerFinding[] {
  return layersOf({ facts, hasGvisor, gvisorProof, whyNoNetwork }).map((layer) => {
    const { canary, does, isThere, lacks, name, remedy } = layer;
    const broken = findings.find((finding) => finding.name === canary && !finding.kept)?.detail;
    const missing = !isThere
      ? lacks
      : canary !== undefined && !isTested
      ? "not proven, as no image is here or the self-test could not be run"
      : broken;
    return missing === undefined
      ? { name, active: true, detail: does }
      : { name, active: false, detail: missing, remedy: isThere && !isTested ? BUILD_IMAGES : remedy };
  });
}

function layersOf(
  { facts, gvisorProof, hasGvisor, whyNoNetwork }: Omit<DiagnosisRequest, "proof"> & { readonly hasGvisor: boolean },
): Layer[] {
  const hardened = (name: string, canary: string, does: string): Layer => ({
    name,
    canary,
    isThere: true,
    does,
    lacks: "",
    remedy: "see what the canary found, and mend the Engine",
  });
  const { cgroupVersion, limitsMemory, limitsProcesses, mapsUsers } = facts;
  return [
    {
      name: "gvisor",
      isThere: hasGvisor,
      does: 'a kernel of its own, for requests with "minIsolation": 10',
      lacks: gvisorProof === undefined
        ? "runsc is not registered with the Engine"
        : gvisorProof.kind === "failed"
        ? gvisorProof.reason
        : "registered, but not proven",
      remedy: gvisorProof === undefined ? INSTALL_GVISOR : "see what the canaries found, and mend runsc",
    },
    hardened(
      "container",
      HONEST_CANARY,
      `Docker Engine ${facts.version}, ${facts.defaultRuntime}, Linux ${facts.kernel}`,
    ),
    hardened(
      "namespaces",
      "processes",
      `processes, mounts, network and IPC of its own${mapsUsers ? ", and users that are nobody on the host" : ""}`,
    ),
    hardened("no_capabilities", "privileges", "nobody (65534), and every capability dropped"),
    hardened("no_new_privs", "privileges", "no exec gains a privilege"),
    {
      name: "seccomp",
      canary: "seccomp",
      isThere: facts.hasSeccomp,
      does: "the Engine's own profile refuses calls of administrators",
      lacks: "the Engine has no seccomp profile, or an unconfined one",
      remedy: FILTER_CALLS,
    },
    hardened("read_only_root", "root", "only the workspace and /tmp can be written, in memory of bounded size"),
    {
      name: "cgroup_memory",
      canary: "memory",
      isThere: limitsMemory,
      does: `memory without swap, with what lies in the workspace (cgroup v${cgroupVersion})`,
      lacks: "the Engine can bound no memory",
      remedy: LIMIT_MORE,
    },
    {
      name: "cgroup_processes",
      canary: "process_count",
      isThere: limitsProcesses,
      does: `processes and threads of each container (cgroup v${cgroupVersion})`,
      lacks: "the Engine can bound no processes",
      remedy: LIMIT_MORE,
    },
    {
      name: "packet_filter",
      isThere: whyNoNetwork === undefined,
      does: "a bridge for programs with network, from which this host and private networks are not reached",
      lacks: whyNoNetwork ?? "",
      remedy: "run the service as root on the Engine's own host, with iptables",
    },
  ];
}
