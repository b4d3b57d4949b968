import { languageOfFile, mainFileOf } from "../../../core/languages.ts";
import { VERSION } from "../../../core/version.ts";
import type { EnginePort } from "../../../engine/port.ts";
import { PROTOCOL_VERSION } from "./messages.ts";

/** What Jupyter's programs call a language. The first that can run is the default. */
const NAMES: ReadonlyMap<string, { readonly kernel: string; readonly title: string; readonly type: string }> = new Map([
  ["python", { kernel: "python3", title: "Python 3", type: "text/x-python" }],
  ["typescript", { kernel: "typescript", title: "TypeScript", type: "text/typescript" }],
  ["javascript", { kernel: "javascript", title: "JavaScript", type: "text/javascript" }],
]);

/** Lists the kernels: one for each language with contexts that can run now. */
export async function listSpecs(engine: EnginePort) {
  const runtimes = await engine.describeRuntimes();
  const environments = runtimes.filter(({ available }) => available).flatMap(({ environments }) => environments);
  const languages = new Set(environments.filter((one) => one.available && one.contexts).map(({ name }) => name));
  const first = [...NAMES.keys(), ...languages].find((language) => languages.has(language)) ?? "";
  return {
    default: kernelNameOf(first),
    kernelspecs: Object.fromEntries([...languages].map((language) => [kernelNameOf(language), describe(language)])),
  };
}

/** The name of a language's kernel. Every other name of the language is one of its kernel too. */
export function kernelNameOf(language: string): string {
  return NAMES.get(language)?.kernel ?? language;
}

/** The answer to `kernel_info_request`. */
export function kernelInfo(language: string): object {
  return {
    status: "ok",
    protocol_version: PROTOCOL_VERSION,
    implementation: "codebeaker",
    implementation_version: VERSION,
    language_info: {
      name: language,
      version: "",
      mimetype: NAMES.get(languageOfFile(mainFileOf(language)) ?? "")?.type ?? "text/plain",
      file_extension: mainFileOf(language).replace("main", ""),
    },
    banner: `${titleOf(language)} on CodeBeaker ${VERSION}`,
    help_links: [],
    debugger: false,
    supported_features: [],
  };
}

function describe(language: string): object {
  const spec = {
    argv: [],
    env: {},
    display_name: titleOf(language),
    language,
    interrupt_mode: "message",
    metadata: {},
  };
  return { name: kernelNameOf(language), spec, resources: {} };
}

function titleOf(language: string): string {
  return NAMES.get(language)?.title ?? language;
}
