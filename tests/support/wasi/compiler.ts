import type { Availability } from "../../../src/core/capabilities.ts";

/** Names of the compiler; one without its libraries does not count. */
const COMPILERS = ["clang-19", "clang"];
const REASON = "no C compiler here makes modules of WASI (Debian: clang lld wasi-libc libclang-rt-dev-wasm32)";

let compiler: Promise<string | undefined> | undefined;

/** Whether C can be compiled to commands of WASI preview 1 on this machine. */
export async function wasiCompiler(): Promise<Availability> {
  return await findCompiler() === undefined ? { available: false, reason: REASON } : { available: true };
}

/** Compiles a program in C to a command of WASI preview 1. */
export async function compileToWasi(source: string): Promise<Uint8Array<ArrayBuffer>> {
  const found = await findCompiler();
  if (found === undefined) throw new Error(REASON);
  const made = await compileWith(found, source);
  if (typeof made === "string") throw new Error(made);
  return made;
}

function findCompiler(): Promise<string | undefined> {
  return compiler ??= (async () => {
    for (const name of COMPILERS) {
      if (typeof await compileWith(name, "int main(void) { return 0; }").catch(String) !== "string") return name;
    }
  })();
}

/** The module, or what the compiler printed. */
async function compileWith(name: string, source: string): Promise<Uint8Array<ArrayBuffer> | string> {
  const path = await Deno.makeTempFile({ suffix: ".wasm" });
  try {
    const child = new Deno.Command(name, {
      args: ["--target=wasm32-wasi", "-O1", "-w", "-Wl,--strip-debug", "-x", "c", "-", "-o", path],
      stdin: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(source));
    await writer.close();
    const { stderr, success } = await child.output();
    return success ? await Deno.readFile(path) : new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(path);
  }
}
