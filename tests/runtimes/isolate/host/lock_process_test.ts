import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { lockFilter } from "../../../../src/runtimes/isolate/lock_filter.ts";
import { FLAGS, JITLESS } from "../../../../src/runtimes/isolate/slot.ts";
import { MODULE_TEXTS } from "../../../../src/runtimes/isolate/modules.ts";
import { ADDON, findPart, NODE } from "../../../../src/runtimes/isolate/release.ts";
import { ALLOWED, encodeProgram } from "../../../../src/sandbox/seccomp/bpf.ts";
import { installedDirectories } from "../../../support/runtime_host.ts";

const host = { home: undefined, searchPath: installedDirectories() };
const parts = (() => {
  try {
    return { node: findPart(NODE, host), addonPath: findPart(ADDON, host) };
  } catch {
    return undefined; // They are not installed: `codebeaker runtimes install isolate`.
  }
})();

/** Starts a slot's process without anything around it, and closes its stdin. */
async function start(filter: Uint8Array, isJitless = false): Promise<{ code: number; ready: boolean; stderr: string }> {
  if (parts === undefined) throw new Error("Nothing is installed");
  const directory = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(directory, "host"));
    for (const [path, text] of Object.entries(MODULE_TEXTS)) await Deno.writeTextFile(join(directory, path), text);
    const options = { addonPath: parts.addonPath, filter: filter.toBase64(), isJitless, memoryMb: 64, marginMb: 96 };
    const { code, stderr, stdout } = await new Deno.Command(parts.node, {
      args: [...FLAGS, ...(isJitless ? [JITLESS] : []), join(directory, "host/main.cjs"), JSON.stringify(options)],
      env: { UV_USE_IO_URING: "0" },
      stdin: "null",
    }).output();
    // A frame without bytes of the kind `ready`.
    return {
      code,
      ready: new TextDecoder("latin1").decode(stdout).endsWith("\0\0\0\0\0"),
      stderr: new TextDecoder().decode(stderr),
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test({
  name: "a slot is ready when it is locked, and refuses to start where a file can still be opened",
  ignore: parts === undefined,
  async fn() {
    assertEquals((await start(lockFilter(Deno.build.arch))).ready, true);
    const open = await start(encodeProgram([ALLOWED]));
    assertEquals([open.ready, open.code], [false, 1]);
    assertStringIncludes(open.stderr, "a file can be opened");
  },
});

Deno.test({
  name: "a slot without machine code refuses to start where memory can still be made executable",
  ignore: parts === undefined,
  async fn() {
    assertEquals((await start(lockFilter(Deno.build.arch, { isJitless: true }), true)).ready, true);
    const open = await start(lockFilter(Deno.build.arch), true);
    assertEquals(open.ready, false);
    assertStringIncludes(open.stderr, "memory can be made executable");
  },
});
