import { mainFileOf } from "../../core/languages.ts";
import type { PermissionSettings } from "../../core/permissions/permissions.ts";
import { serviceBinary } from "../service_binary/service_binary.ts";
import type { RuntimeHost } from "../port.ts";
import { languageCanaries, languageProbe } from "../process/self_test/language_tests.ts";
import type { ProcessSpec } from "../process/spec.ts";
import { RUNTIME_NAME, wasmFacts } from "./facts.ts";
import { belowModules, CACHE_NAME, COMMON_FLAGS, launchCompiled, launchContext, launchInLanguage } from "./launch.ts";
import { MODULE_HOST } from "./module_host.ts";
import { findParts, type NamedLanguage, reachableParts, remedyFor } from "./parts.ts";
import { readDenial } from "./read_denial.ts";
import { settingsOf } from "./settings.ts";
import { MEMORY_ENDINGS, RESERVED_BYTES } from "./spec.ts";

/** How long an honest program may take, which on a busy machine starts slowly. */
const PROBE_TIMEOUT_MS = 10_000;
/** How long an honest program that is compiled may take. */
const SLOW_PROBE_TIMEOUT_MS = 20_000;

/** A language whose interpreter or compiler is a module of WebAssembly, as a process runtime. */
export function languageSpec(language: NamedLanguage, host: RuntimeHost): ProcessSpec {
  const { name, row } = language;
  const service = serviceBinary(settingsOf(host).denoBinary, host);
  const { canaries, compiles = false, context, memoryMb, modules, noPackages, programs, title, v8Flags } = row;
  const timeoutMs = compiles ? SLOW_PROBE_TIMEOUT_MS : PROBE_TIMEOUT_MS;
  const parts = reachableParts(language, host);
  const findLanguage = () => ({ row, parts: parts() });
  return {
    facts: { ...wasmFacts(), supportedEnvironments: [name] },
    subject: `${RUNTIME_NAME}_${name}`,
    binary: {
      find() {
        findParts(language, host);
        return service.find();
      },
      remedy: remedyFor(name),
      probe: languageProbe(name, { title, programs, timeoutMs, ...(modules && { modules }) }),
    },
    modules: { ...(compiles ? belowModules(MODULE_HOST) : {}), ...belowModules(row.host) },
    directories: [CACHE_NAME],
    reservedDataBytes: RESERVED_BYTES,
    ...(compiles ? { compiles } : { overheadMb: memoryMb }),
    memoryEndings: [...row.memoryEndings, ...(compiles ? MEMORY_ENDINGS : [])],
    permissions: {
      detail: "an interpreter in WebAssembly's sandbox, in a process that Deno grants nothing but the workspace",
      remedy: "see the findings of the canaries, and name a Deno that keeps its flags (--deno-binary)",
      whyNotHonoured: (permissions) => whyNotHonoured(title, permissions),
    },
    noPackages,
    warm: { memoryMb, languages: [], servesEveryProgram: true },
    denials: { read: readDenial, readStderr: () => [] },
    selfTest: {
      canaries: [...languageCanaries(mainFileOf(name), programs), ...canaries],
      language: name,
      variableNames: ["PWD", "TMPDIR", "HOME", "LANG"],
      version: [COMMON_FLAGS, row.packages, row.preparation, v8Flags],
    },
    launchFile: (site, { output, ...program }) =>
      output === undefined
        ? launchInLanguage(site, program, findLanguage())
        : launchCompiled(site, { ...program, output }, findLanguage()),
    contexts: context === undefined ? undefined : {
      launch: (site, { variables }) => launchContext(site, { language: findLanguage(), main: context, variables }),
    },
  };
}

/** A program has the workspace and variables, and nothing else that can be granted. */
function whyNotHonoured(
  title: string,
  { allowNet, allowRead, allowRun, allowWrite }: PermissionSettings,
): string | undefined {
  if (allowNet !== false) return `${title} has no network in WebAssembly`;
  if (allowRun) return `${title} starts no program in WebAssembly`;
  if (allowRead.length + allowWrite.length === 0) return undefined;
  return "a program is given its workspace and a directory for temporary files, and no other path";
}
