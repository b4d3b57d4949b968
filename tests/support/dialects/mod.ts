import { bash } from "./bash.ts";
import type { Dialect } from "./dialect.ts";
import { ecmascript } from "./ecmascript.ts";
import { go } from "./go.ts";
import { node } from "./node.ts";
import { nodeTypescript } from "./node_typescript.ts";
import { php } from "./php.ts";
import { prolog } from "./prolog.ts";
import { python, pythonAlone } from "./python.ts";
import { ruby } from "./ruby.ts";
import { wasi, wasiC } from "./wasi.ts";
import { web } from "./web.ts";

export type { ChildOutput, Dialect, LimitPrograms, Place, ProcessPrograms } from "./dialect.ts";
export { holdMemory } from "./dialect.ts";

/** By environment name, and for a runtime with a part of what that promises. */
export const DIALECTS: Readonly<Record<string, Dialect>> = {
  typescript: ecmascript,
  javascript: ecmascript,
  deno: ecmascript,
  node,
  node_typescript: nodeTypescript,
  bun: node,
  tsx: node,
  jsx: node,
  python,
  python_alone: pythonAlone,
  ruby,
  prolog,
  bash,
  go,
  web,
  php,
  wasm: wasi,
  wasi_c: wasiC,
};

/** The file of a program in a dialect. */
export async function encodeProgram(
  { encode }: Pick<Dialect, "encode">,
  code: string,
): Promise<Uint8Array<ArrayBuffer>> {
  return await encode?.(code) ?? new TextEncoder().encode(code);
}
