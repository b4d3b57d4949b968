import { CodeBeakerError } from "../../../core/errors.ts";
import { canonicalLanguage, languageOfFile, mainFileOf } from "../../../core/languages.ts";
import { VERSION } from "../../../core/version.ts";
import type { EnginePort } from "../../../engine/port.ts";
import { PROTOCOL_VERSION } from "./messages.ts";

/** What Jupyter's programs call a language, where that differs from its name. */
const NAMES: ReadonlyMap<string, { readonly kernel?: string; readonly title: string; readonly type: string }> = new Map(
  [
    ["python", { kernel: "python3", title: "Python 3", type: "text/x-python" }],
    ["javascript", { title: "JavaScript", type: "text/javascript" }],
    ["typescript", { title: "TypeScript", type: "text/typescript" }],
  ],
);

/** Lists the kernels: one for each language with contexts that can run now. Python's is the default. */
export async function listSpecs(
  engine: EnginePort,
): Promise<{ readonly default: string; readonly kernelspecs: object }> {
  const runtimes = await engine.describeRuntimes();
  const environments = runtimes.filter(({ available }) => available).flatMap(({ environments }) => environments);
  const languages = new Set(environments.filter((one) => one.available && one.contexts).map(({ name }) => name));
  const names = [...languages].toSorted((first, second) => Number(NAMES.has(second)) - Number(NAMES.has(first)));
  const [first] = languages.has("python") ? ["python"] : names;
  return {
    default: first === undefined ? "" : kernelNameOf(first),
    kernelspecs: Object.fromEntries(names.map((language) => [kernelNameOf(language), describe(language)])),
  };
}

/** The language of a kernel's name, which may also be an alias of the language. */
export function languageOf(kernel: string): string {
  return canonicalLanguage(kernel);
}

/** The name of a language's kernel. */
export function kernelNameOf(language: string): string {
  return NAMES.get(language)?.kernel ?? language;
}

/** Finds one kernel of {@link listSpecs}. @throws {CodeBeakerError} `not_found` */
export async function findSpec(engine: EnginePort, name: string): Promise<unknown> {
  const found = Object.entries((await listSpecs(engine)).kernelspecs).find(([known]) => known === name);
  if (found !== undefined) return found[1];
  throw new CodeBeakerError("not_found", `Cannot find the kernel ${JSON.stringify(name.slice(0, 64))}`);
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
    banner: `${NAMES.get(language)?.title ?? language} on CodeBeaker ${VERSION}`,
    help_links: [],
    debugger: false,
    supported_features: [],
  };
}

function describe(language: string): object {
  const title = NAMES.get(language)?.title ?? language;
  const spec = { argv: [], env: {}, display_name: title, language, interrupt_mode: "message", metadata: {} };
  return { name: kernelNameOf(language), spec, resources: {} };
}
