import { runtimeUnavailable } from "../../core/errors.ts";
import type { PermissionSettings } from "../../core/permissions/permissions.ts";
import type { RuntimeConfig, RuntimeHost } from "../port.ts";
import { HONEST_OUTPUT } from "../process/self_test/common_canaries.ts";
import type { Installation } from "../process/installation.ts";
import type { ProcessSpec, SharedProcesses } from "../process/spec.ts";
import { LEVEL_SHARED } from "../process/isolation.ts";
import { CANARIES } from "./canaries.ts";
import { isolateFacts, WEB } from "./facts.ts";
import { IsolateEnvironment } from "./isolate_environment.ts";
import { MODULE_TEXTS } from "./modules.ts";
import { ADDON, findPart, NODE, REMEDY } from "./release.ts";
import { RUNTIME_NAME, settingsOf } from "./settings.ts";
import { Slots } from "./slots.ts";
import { unseenOf } from "./unseen.ts";

/** How long a program of the self-test may take, in ms. A slot starts for each. */
const PROBE_TIMEOUT_MS = 3_000;

/** The facts that decide whether programs share slots. */
type Shared = Pick<RuntimeConfig, "environment" | "minIsolation">;

/** Isolates as a process runtime. */
export function isolateSpec(host: RuntimeHost): ProcessSpec {
  const { isolateJitless, isolateReuse } = settingsOf(host);
  // In another language, a program in a slot of its own takes longer than on a runtime with the whole language.
  const isShared = ({ environment, minIsolation }: Shared) =>
    isolateReuse && (minIsolation <= LEVEL_SHARED || environment !== WEB);
  const spec: ProcessSpec = {
    facts: isolateFacts(host),
    subject: RUNTIME_NAME,
    binary: {
      find: () => findNode(host),
      remedy: REMEDY,
      probe: { language: WEB, code: "console.log(6 * 7);", timeoutMs: PROBE_TIMEOUT_MS, whyNot },
    },
    modules: MODULE_TEXTS,
    directories: [],
    reservedDataBytes: 0,
    memoryEndings: [],
    permissions: {
      detail: "a program has no function that reads a file, connects or starts anything",
      remedy: "see the findings of the canaries, and mend their causes",
      whyNotHonoured,
    },
    shared: {
      isShared,
      remedy: "ask for minIsolation 8, or give every program a process of its own (--isolate-reuse false)",
      lackOf: unseenOf,
      open: (parts) => openSlots({ ...parts, spec, host }, isShared),
    },
    selfTest: { canaries: CANARIES, language: WEB, variableNames: [], version: [isolateJitless] },
    launchFile: () => {
      throw new Error("No program of an isolate has a command line");
    },
  };
  return spec;
}

/** @throws {CodeBeakerError} `runtime_unavailable` */
function findNode(host: RuntimeHost): string {
  findPart(ADDON, host);
  const binary = findPart(NODE, host);
  if (host.confinement.isSandbox && host.confinement.canMount) return binary;
  throw runtimeUnavailable({
    reason: "its processes need namespaces and a filter for system calls around them, which are not here",
    remedy: "install bubblewrap (apt-get install bubblewrap)",
  });
}

function whyNot(output: string): string | undefined {
  if (output === HONEST_OUTPUT) return undefined;
  return `an isolate does not run an honest program here: it printed ${JSON.stringify(output.slice(0, 200))}`;
}

/** Why permissions cannot be honoured: programs that only compute can use none. */
function whyNotHonoured(
  { allowEnv, allowNet, allowRead, allowRun, allowWrite }: PermissionSettings,
): string | undefined {
  const isAsked = allowRun || allowNet !== false || [...allowEnv, ...allowRead, ...allowWrite].length > 0;
  return isAsked ? "its programs only compute, and can use no permission" : undefined;
}

function openSlots(
  installation: Installation,
  isShared: (config: Shared) => boolean,
): SharedProcesses {
  const slots = new Slots(installation);
  return {
    warmUp: () => slots.warmUp(),
    createEnvironment: (config) => new IsolateEnvironment(config, { installation, slots, isShared: isShared(config) }),
    [Symbol.asyncDispose]: () => slots[Symbol.asyncDispose](),
  };
}
