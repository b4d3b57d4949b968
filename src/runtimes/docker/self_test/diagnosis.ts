import type { Obstacle } from "../../../core/capabilities.ts";
import type { CanaryFinding, Diagnosis, LayerFinding } from "../../../core/diagnosis.ts";
import type { CanaryCost } from "../../self_test/canary.ts";
import { brokenFindings } from "../../self_test/findings.ts";
import { findingsOf, type SelfTestResult } from "../../self_test/self_test.ts";
import { promisedCanaries } from "./canaries.ts";
import { FILTER_CALLS, INSTALL_GVISOR, layersOf, type LayersRequest, LIMIT_MORE } from "./container_layers.ts";
import { GVISOR, isolationOf, LEVEL_HARDENED, LEVEL_OTHER_KERNEL, promisesOf } from "./isolation.ts";

const INSTALL = "install Docker Engine, let the service's user use its socket, or name where it listens (DOCKER_HOST)";
const BUILD_IMAGES = "pull an image, or build local ones with the task `images`: the self-test runs in one";

/** Parts of a diagnosis. */
export interface DiagnosisRequest extends Omit<LayersRequest, "hasGvisor"> {
  /** The self-test of the Engine's default OCI runtime. */
  readonly selfTest: SelfTestResult;
}

/** The diagnosis while no Engine answers, so that no program runs. */
export function diagnosisWithout({ reason, remedy = INSTALL }: Obstacle): Diagnosis {
  return {
    level: 0,
    layers: [{ name: "container", active: false, detail: reason, remedy }],
    canaries: [],
    next: { level: LEVEL_HARDENED, remedy },
  };
}

/** The diagnosis of an Engine: the layers that it reports, less those found broken. */
export function diagnosisOf(request: DiagnosisRequest): Diagnosis {
  const { facts, gvisorSelfTest, selfTest } = request;
  const canaries = promisedCanaries(promisesOf(facts, undefined));
  const findings = findingsOf(selfTest, canaries);
  const hasBroken = (cost: CanaryCost) => brokenFindings(findings, { canaries, cost }).length > 0;
  const isTested = selfTest.kind === "tested";
  const level = isTested && !hasBroken("runtime") ? isolationOf({ facts, ociRuntime: undefined, findings }).level : 0;
  const hasGvisor = gvisorSelfTest?.kind === "tested" && gvisorSelfTest.findings.every(({ kept }) => kept);
  return {
    level,
    layers: layerFindings(request, { findings, isTested, hasGvisor }),
    canaries: [...findings, ...gvisorFindings(request)],
    ...nextOf(level, { hasGvisor, selfTest, hasSeccomp: facts.hasSeccomp, hasBroken }),
  };
}

function gvisorFindings({ facts, gvisorSelfTest }: DiagnosisRequest): CanaryFinding[] {
  if (gvisorSelfTest === undefined) return [];
  const findings = findingsOf(gvisorSelfTest, promisedCanaries(promisesOf(facts, GVISOR)));
  return findings.map((finding) => ({ ...finding, name: `${GVISOR}/${finding.name}` }));
}

function nextOf(
  level: number,
  { hasBroken, hasGvisor, hasSeccomp, selfTest: { kind } }: {
    readonly hasGvisor: boolean;
    readonly selfTest: SelfTestResult;
    readonly hasSeccomp: boolean;
    hasBroken(cost: CanaryCost): boolean;
  },
): Pick<Diagnosis, "next"> {
  if (level >= LEVEL_HARDENED) {
    return hasGvisor ? {} : { next: { level: LEVEL_OTHER_KERNEL, remedy: INSTALL_GVISOR } };
  }
  const remedy = kind === "nothing_to_test"
    ? BUILD_IMAGES
    : kind === "failed" || hasBroken("runtime")
    ? "see the findings of the canaries, and mend the Engine"
    : hasBroken("limit")
    ? LIMIT_MORE
    : hasSeccomp
    ? "find out why the kernel filters no system calls"
    : FILTER_CALLS;
  return { next: { level: LEVEL_HARDENED, remedy } };
}

function layerFindings(
  request: DiagnosisRequest,
  { findings, hasGvisor, isTested }: {
    readonly findings: readonly CanaryFinding[];
    readonly isTested: boolean;
    readonly hasGvisor: boolean;
  },
): LayerFinding[] {
  return layersOf({ ...request, hasGvisor }).map(({ canary, does, isPresent, lacks, name, remedy }) => {
    const broken = findings.find((finding) => finding.name === canary && !finding.kept)?.detail;
    const missing = !isPresent
      ? lacks
      : canary !== undefined && !isTested
      ? "not tested: there is no image here, or the self-test could not be run"
      : broken;
    return missing === undefined
      ? { name, active: true, detail: does }
      : { name, active: false, detail: missing, remedy: isPresent && !isTested ? BUILD_IMAGES : remedy };
  });
}
