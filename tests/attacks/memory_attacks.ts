import { alike, type Attack, type AttackTable, type Control, everywhere, type Exemptions } from "./attack.ts";

const BESIDE = "memory beside the JS heap";
/** What an attack takes at most, so that a machine on which nothing holds it lives on. */
const TAKEN_MB = 1_500;
const LIMIT_MB = 128;
/** The limit, what a runtime itself takes, and what grows until the next look at it. */
const HELD_MB = 640;

const HELD = {
  // Nothing of this ends by time: on a busy machine it takes many times as long as on an idle one.
  limits: { memoryMb: LIMIT_MB, timeoutMs: 30_000, cpuMs: 8_000, diskMb: 16 },
  bounds: { memoryMb: HELD_MB },
  ends: ["memory_limit", "exited", "signaled", "disk_limit", "nothing ran"],
  spoils: true,
} as const satisfies Partial<Attack>;

/** A program that takes memory step by step, keeps it, and then waits. */
const hoard = (step: string, stepMb = 16) =>
  `const kept = []; for (let taken = 0; taken < ${TAKEN_MB}; taken += ${stepMb}) { kept.push(${step}); await 0; }
   console.log("it is all here", kept.length); setTimeout(() => {}, 60_000);`;

/** Programs that hoard what each step takes. */
const hoards = (
  steps: Readonly<Record<string, string>>,
  { mechanism }: Pick<Attack, "mechanism"> = {},
): readonly Attack[] =>
  alike(
    Object.entries(steps).map(([what, step]): Attack => ({
      name: `${what}, without end`,
      ...(mechanism === undefined ? {} : { mechanism }),
      code: hoard(step),
      ...HELD,
    })),
  );

const IN_JAVASCRIPT: readonly Attack[] = [
  ...hoards({
    "arrays on the heap": "new Array(2e6).fill(0.5)",
    "strings": '"x".repeat(16 * 2 ** 20).split("").reverse().join("")',
    "objects and maps": "new Map(Array.from({ length: 1e5 }, (_, i) => [i, { i, text: String(i) }]))",
    "big integers": "(1n << 134217728n) + 1n",
    "compiled functions":
      'Array.from({ length: 200 }, (_, i) => new Function(`return ${i} + "${"x".repeat(40_000)}${kept.length}"`))',
  }),
  ...hoards({
    "ArrayBuffers": "new Uint8Array(16 * 2 ** 20).fill(1)",
    "shared ArrayBuffers": "new Uint8Array(new SharedArrayBuffer(16 * 2 ** 20)).fill(1)",
    "Node's buffers": '(await import("node:buffer")).Buffer.allocUnsafe(16 * 2 ** 20).fill(1)',
    "resizable ArrayBuffers":
      "(() => { const buffer = new ArrayBuffer(1, { maxByteLength: 2 ** 30 }); buffer.resize(16 * 2 ** 20); return new Uint8Array(buffer).fill(1); })()",
    "blobs": "new Blob([new Uint8Array(16 * 2 ** 20).fill(1)])",
    "structured clones": "structuredClone(new Uint8Array(16 * 2 ** 20).fill(1))",
    "encoded text": 'new TextEncoder().encode("x".repeat(16 * 2 ** 20))',
    "streams that nobody reads":
      "new ReadableStream({ start(controller) { for (let i = 0; i < 256; i++) controller.enqueue(new Uint8Array(65_536).fill(1)); } })",
    "messages that nobody takes":
      "(() => { const { port1, port2 } = new MessageChannel(); port1.postMessage(new Uint8Array(16 * 2 ** 20).fill(1)); return [port1, port2]; })()",
    "keys of crypto":
      "await crypto.subtle.importKey('raw', new Uint8Array(16 * 2 ** 20).fill(1), { name: 'HMAC', hash: 'SHA-256' }, true, ['sign'])",
  }, { mechanism: BESIDE }),
  ...hoards({
    "WebAssembly memories": "new Uint8Array(new WebAssembly.Memory({ initial: 256 }).buffer).fill(1)",
    "shared WebAssembly memories":
      "new Uint8Array(new WebAssembly.Memory({ initial: 256, maximum: 256, shared: true }).buffer).fill(1)",
    "growing WebAssembly memories":
      "(() => { const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 }); memory.grow(255); return new Uint8Array(memory.buffer).fill(1); })()",
  }, { mechanism: BESIDE }),
  ...alike([
    {
      name: "a database in memory",
      mechanism: BESIDE,
      ...HELD,
      code: `import { DatabaseSync } from "node:sqlite";
      const database = new DatabaseSync(":memory:");
      database.exec("CREATE TABLE t (x)");
      for (let i = 0; i < ${TAKEN_MB / 10}; i++) database.exec("INSERT INTO t VALUES (zeroblob(10000000))");
      console.log("it is all here"); setTimeout(() => {}, 60_000);`,
    },
    {
      name: "a database's sort in memory",
      mechanism: BESIDE,
      ...HELD,
      code: `import { DatabaseSync } from "node:sqlite";
      const database = new DatabaseSync(":memory:");
      database.exec("PRAGMA temp_store = MEMORY; CREATE TEMP TABLE t AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 200) SELECT zeroblob(5000000) AS b FROM c");
      console.log(database.prepare("SELECT length(group_concat(hex(b))) FROM t").get());`,
    },
    {
      name: "a bomb of gzip",
      mechanism: BESIDE,
      ...HELD,
      code: `const zeros = new Response(new Uint8Array(16 * 2 ** 20)).body.pipeThrough(new CompressionStream("gzip"));
      const bomb = await new Response(zeros).blob();
      const kept = []; for (let i = 0; i < ${
        TAKEN_MB / 16
      }; i++) kept.push(await new Response(bomb.stream().pipeThrough(new DecompressionStream("gzip"))).bytes());
      console.log("it is all here", kept.length); setTimeout(() => {}, 60_000);`,
    },
    {
      name: "a bomb of brotli",
      mechanism: BESIDE,
      ...HELD,
      code: `import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
      const bomb = brotliCompressSync(new Uint8Array(64 * 2 ** 20), { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
      const kept = []; for (let i = 0; i < ${TAKEN_MB / 64}; i++) kept.push(brotliDecompressSync(bomb).fill(1));
      console.log("it is all here", kept.length); setTimeout(() => {}, 60_000);`,
    },
  ]),
  {
    name: "Workers, each with a heap of its own",
    mechanism: BESIDE,
    ...HELD,
    code:
      `const code = "const kept = []; for (let i = 0; i < 12; i++) kept.push(Array.from({ length: 2e6 }, (_, n) => n + 0.5)); setTimeout(() => {}, 6e4);";
      import { Worker } from "node:worker_threads";
      for (let i = 0; i < 8; i++) new Worker(code, { eval: true }).on("error", () => {});
      setTimeout(() => {}, 60_000);`,
  },
  {
    name: "more files open than any program needs",
    ...HELD,
    code:
      'const kept = []; Deno.writeTextFileSync("f", "x"); for (let i = 0; i < 4_000; i++) kept.push(Deno.openSync("f")); setTimeout(() => {}, 60_000);',
    ends: ["descriptor_limit", "exited", "memory_limit"],
  },
];

const PYTHON_HOARD = `import mmap, os, sys, time
kept, way = [], sys.argv[1]
for taken in range(0, ${TAKEN_MB}, 16):
    if way == "heap": kept.append(bytearray(b"x" * (16 << 20)))
    elif way == "shared":
        area = mmap.mmap(-1, 16 << 20)
        area.write(b"x" * (16 << 20))
        kept.append(area)
    elif way == "memfd":
        fd = os.memfd_create("x")
        os.write(fd, b"x" * (15 << 20))
        kept.append(fd)
    elif way == "family":
        if os.fork() == 0:
            kept = b"x" * (16 << 20)
            time.sleep(60)
print("it is all here")
time.sleep(60)
`;
const WAYS = ["heap", "shared", "memfd", "family"];
/** Under Landlock alone no control group bounds memory that is shared, or that of all processes together. */
const SAMPLED: Exemptions = Object.fromEntries(
  ["deno under Landlock", "native under Landlock"].map((subject) => [
    subject,
    {
      oracle: "excess",
      reason: "without a control group, shared memory and that of several processes is sampled at intervals",
    },
  ]),
);

const OTHERS: readonly Attack[] = [
  ...WAYS.map((way): Attack => ({
    name: `memory of a shell's Python: ${way}`,
    mechanism: BESIDE,
    language: "shell",
    ...HELD,
    ...(way === "heap" ? {} : { exemptions: SAMPLED }),
    ends: [...HELD.ends, "process_limit"],
    steps: [{ shell: ["python3", "-c", PYTHON_HOARD, way] }],
  })),
  ...WAYS.map((way): Attack => ({
    name: `memory of Python: ${way}`,
    mechanism: BESIDE,
    language: "python",
    ...HELD,
    ...(way === "heap" ? {} : { exemptions: SAMPLED }),
    // The kernel kills children of a program that lives on.
    limits: { ...HELD.limits, timeoutMs: 4_000 },
    ends: [...HELD.ends, "process_limit", "timed_out"],
    steps: [{ code: PYTHON_HOARD, args: [way] }],
  })),
  {
    name: "memory of Node, beside its heap",
    mechanism: BESIDE,
    language: "node",
    ...HELD,
    code: `const kept = []; for (let i = 0; i < ${
      TAKEN_MB / 16
    }; i++) kept.push(Buffer.alloc(16 * 2 ** 20, 1)); console.log("it is all here"); setTimeout(() => {}, 60_000);`,
  },
  {
    name: "files in memory",
    language: "shell",
    ...HELD,
    steps: [{
      shell:
        "for place in /dev/shm /tmp . /run /var/tmp; do for i in $(seq 60); do head -c 8000000 /dev/zero > $place/f$i || break; done; done 2>/dev/null; sleep 0.3",
    }],
  },
];

const CONTROLS: readonly Control[] = [
  ...everywhere<Control>([{
    name: "memory below the limit is let be, and seen from outside",
    seenBy: "excess",
    limits: { memoryMb: 512 },
    bounds: { memoryMb: 100 },
    code: 'const kept = new Uint8Array(200 * 2 ** 20).fill(1); setTimeout(() => console.log("all", kept.length), 300);',
  }]),
  {
    name: "memory of a container is seen from outside",
    // Over gVisor, which has no Node here, this machine's kernel sees none of a program's processes.
    language: "node",
    seenBy: "excess",
    limits: { memoryMb: 512 },
    bounds: { memoryMb: 100 },
    code: 'const kept = Buffer.alloc(200 * 2 ** 20, 1); setTimeout(() => console.log("all", kept.length), 500);',
  },
  {
    name: "a program in a container is not ended for memory below the limit",
    language: "python",
    seenBy: "ending",
    ends: ["memory_limit"],
    code: 'print(len(b"x" * (100 << 20)))',
  },
];

/** Memory in every way that there is to take it. */
export const MEMORY_ATTACKS: AttackTable = {
  category: "memory",
  attacks: [...everywhere(IN_JAVASCRIPT), ...OTHERS],
  controls: CONTROLS,
};
