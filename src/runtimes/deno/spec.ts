import { DEFAULT_LIMITS } from "../../core/limits.ts";
import { NO_PERMISSIONS } from "../../core/permissions/permissions.ts";
import { serviceBinary } from "../service_binary/service_binary.ts";
import { readStderrDenials } from "../denials/stderr_denials.ts";
import type { DenialContext, DenialSpec, ProcessSpec, ReportedDenial } from "../process/spec.ts";
import { INTERPRETER } from "../interpreters/ecmascript/places.ts";
import type { RuntimeHost } from "../port.ts";
import { CANARIES } from "./canaries.ts";
import { childVariables } from "./child_variables.ts";
import { DENO_COMMANDS } from "./deno_commands.ts";
import { denoFacts, RUNTIME_NAME } from "./facts.ts";
import { readLastWords } from "./last_words.ts";
import { MEMORY_ENDINGS, RESERVED_BYTES } from "./memory.ts";
import { CACHE_NAME, MODULE_TEXTS } from "./modules.ts";
import { surroundCommand } from "./command_surroundings.ts";
import { packageSpec } from "./packages.ts";
import { permissionFlags, whyNotFlags } from "./permission_flags.ts";
import { launchContext, launchFile, READABLE } from "./program_launch.ts";
import { type DenialSettings, readDenial } from "./read_denial.ts";
import { settingsOf } from "./settings.ts";

/** Memory of a warm process, in MB. Most of its mapped memory is the binary, and shared. */
const WARM_MEMORY_MB = 16;

/** Names of the variables that every program has. */
const CHILD_NAMES = Object.keys(
  childVariables({ temporaryDirectory: "", cacheDirectory: "", hasNetwork: true, npmRegistry: "" }),
).concat("NO_COLOR");

/** The flags that all programs have in common. */
const COMMON_FLAGS = permissionFlags({
  workspace: "workspace",
  temporaryDirectory: "temporary",
  permissions: NO_PERMISSIONS,
  variables: [],
  limits: DEFAULT_LIMITS,
  openNetworks: [],
  ownAddresses: [],
  npmRegistry: "registry",
  detectCommonJs: false,
});

/** Deno as a process runtime. */
export function denoSpec(host: RuntimeHost): ProcessSpec {
  const { openNetworks, searchPath } = host;
  const { denoBinary, npmRegistry } = settingsOf(host);
  const { needs, whyNot, ...binary } = serviceBinary(denoBinary, { searchPath });
  return {
    facts: denoFacts(host),
    subject: RUNTIME_NAME,
    binary: {
      ...binary,
      probe: { language: "typescript", code: "console.log(Deno.version.deno)", needs, whyNot },
    },
    modules: MODULE_TEXTS,
    directories: [CACHE_NAME],
    reservedDataBytes: RESERVED_BYTES,
    memoryEndings: MEMORY_ENDINGS,
    permissions: {
      detail: "Deno's own checks, with every flag given",
      remedy: "see the findings of the canaries, and name a Deno that keeps its flags (--deno-binary)",
      whyNotHonoured: whyNotFlags,
    },
    warm: { memoryMb: WARM_MEMORY_MB, languages: ["typescript", "javascript"] },
    denials: denialSpec({ openNetworks, npmRegistry }),
    packages: packageSpec(npmRegistry, host.confinement),
    commands: DENO_COMMANDS,
    isOnPath: true,
    surround: surroundCommand,
    selfTest: { canaries: CANARIES, language: "typescript", variableNames: CHILD_NAMES, version: COMMON_FLAGS },
    launchFile: (site, program) => launchFile(site, program, npmRegistry),
    contexts: {
      modules: {
        directory: INTERPRETER,
        load: async () => (await import("./interpreter/modules.ts")).INTERPRETER_MODULES,
      },
      launch: (site, program) => launchContext(site, program, npmRegistry),
    },
  };
}

/** Why a command has no network. No request can be granted it. */
const NO_COMMAND_NETWORK = "a command has no network on this runtime, whatever is granted; a program may have it";

/** How denials are read: Deno makes an error of its own for each. The system alone confines a command. */
function denialSpec(settings: Pick<DenialSettings, "openNetworks" | "npmRegistry">): DenialSpec {
  const read = (reported: ReportedDenial, { variables, ...context }: DenialContext) =>
    readDenial(reported, { ...context, ...settings, variables: [...variables, ...READABLE] });
  const readCommand = (stderr: string, { permissions }: DenialContext) =>
    readStderrDenials(stderr, { ...settings, permissions: { ...permissions, allowNet: false } })
      .map(({ grant: _, ...denial }) => denial.kind === "net" ? { ...denial, rule: NO_COMMAND_NETWORK } : denial);
  return {
    read,
    readStderr: (stderr, context) =>
      context.isCommand
        ? readCommand(stderr, context)
        : readLastWords(stderr).flatMap((one) => read(one, context) ?? []),
  };
}
