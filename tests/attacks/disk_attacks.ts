import { alike, type Attack, type AttackTable, type Control, everywhere } from "./attack.ts";

const LIMIT_MB = 4;
/** What an attack writes at most, so that a machine on which nothing holds it lives on: some 3 s of writing. */
const WRITTEN_MB = 3_072;
const WRITTEN_FILES = 240_000;

const HELD = {
  limits: { diskMb: LIMIT_MB, timeoutMs: 4_000 },
  /** Far beyond the limit: on a busy machine whoever looks has to wait for a turn, while programs write 1 GB a second. */
  bounds: { diskMb: 2_560, files: 200_000 },
  ends: ["disk_limit", "exited", "signaled", "memory_limit", "timed_out"],
  spoils: true,
} as const satisfies Partial<Attack>;

/** They say when they are done: nothing ends them but what they left. */
const byDeno = (programs: Readonly<Record<string, string>>): readonly Attack[] =>
  alike(
    Object.entries(programs).map(([what, code]): Attack => ({
      name: `${what}, without end`,
      code: `${code}\nconsole.log("it is all there");`,
      ...HELD,
    })),
  );

const IN_JAVASCRIPT: readonly Attack[] = [
  ...byDeno({
    "one large file":
      `const file = Deno.openSync("big", { create: true, write: true }); for (let i = 0; i < ${WRITTEN_MB}; i++) file.writeSync(new Uint8Array(2 ** 20).fill(1));`,
    "many files of some size":
      `for (let i = 0; i < ${WRITTEN_MB}; i++) Deno.writeFileSync("f" + i, new Uint8Array(2 ** 20).fill(1));`,
    "a file that is filled from behind":
      `const file = Deno.openSync("big", { create: true, write: true }); for (let i = ${WRITTEN_MB}; i > 0; i--) { file.seekSync(i * 2 ** 20, 0); file.writeSync(new Uint8Array(2 ** 20).fill(1)); }`,
    "a file that grows while it is renamed":
      `Deno.writeTextFileSync("a", ""); for (let i = 0; i < ${WRITTEN_MB}; i++) { Deno.writeFileSync("a", new Uint8Array(2 ** 20).fill(1), { append: true }); Deno.renameSync("a", "b"); Deno.renameSync("b", "a"); }`,
    "a database on disk":
      'import { DatabaseSync } from "node:sqlite"; const database = new DatabaseSync("d.db"); database.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (x)"); for (let i = 0; i < 1_024; i++) database.exec("INSERT INTO t VALUES (randomblob(1000000))");',
  }),
  ...byDeno({
    "many empty files": `for (let i = 0; i < ${WRITTEN_FILES}; i++) Deno.writeTextFileSync("f" + i, "");`,
    "many directories": `for (let i = 0; i < ${WRITTEN_FILES}; i++) Deno.mkdirSync("d" + i);`,
    "long names":
      `for (let i = 0; i < ${WRITTEN_FILES}; i++) Deno.writeTextFileSync(String(i).padStart(255, "n"), "");`,
  }),
  ...byDeno({
    "directories that lie deep":
      'for (let i = 0; i < 2_100; i++) { Deno.mkdirSync("next"); try { Deno.renameSync("top", "next/d"); } catch { /* The first. */ } Deno.renameSync("next", "top"); }',
  }),
  ...byDeno({
    "temporary files":
      `for (let i = 0; i < ${WRITTEN_MB}; i++) Deno.writeFileSync(Deno.makeTempFileSync(), new Uint8Array(2 ** 20).fill(1));`,
  }),
  ...byDeno({
    "files that are open and deleted": `const kept = []; for (let i = 0; i < ${
      WRITTEN_MB / 4
    }; i++) { const file = Deno.openSync("gone" + i, { create: true, write: true, read: true }); Deno.removeSync("gone" + i); for (let j = 0; j < 4; j++) file.writeSync(new Uint8Array(2 ** 20).fill(1)); kept.push(file); } await new Promise((resolve) => setTimeout(resolve, 500));`,
  }),
];

const IN_STORAGE: readonly Attack[] = byDeno({
  "the Cache API":
    `const cache = await caches.open("c"); for (let i = 0; i < ${WRITTEN_MB}; i++) await cache.put("http://a.example/" + i, new Response(new Uint8Array(2 ** 20).fill(1)));`,
  "storage": 'for (let i = 0; i < 40; i++) localStorage.setItem("k" + i, "x".repeat(2 ** 20));',
});

const HARMLESS: readonly Attack[] = [
  {
    name: "a file that looks larger than any disk",
    limits: { diskMb: LIMIT_MB, timeoutMs: 3_000 },
    bounds: { diskMb: 16 },
    code:
      'const file = Deno.openSync("sparse", { create: true, write: true }); try { file.truncateSync(2 ** 42); } catch (error) { console.log("refused"); } file.close();',
    steps: [
      { command: { type: "read_file", path: "sparse", length: 10 } },
      { command: { type: "copy_file", source: "sparse", destination: "copied" } },
      { command: { type: "delete_file", path: "sparse" } },
    ],
  },
  {
    name: "files of the service, written by its commands",
    limits: { diskMb: LIMIT_MB, timeoutMs: 3_000 },
    bounds: { diskMb: 64 },
    spoils: true,
    code:
      'Deno.writeFileSync("mega", new Uint8Array(2 ** 20).fill(1)); Deno.mkdirSync("d0"); Deno.renameSync("mega", "d0/mega");',
    steps: Array.from({ length: 8 }, (_, i) => ({
      command: { type: "copy_file", source: "d0", destination: i === 0 ? "d1" : `d0/d${i}` },
    })),
  },
];

const OTHERS: readonly Attack[] = [
  {
    name: "a shell that fills every place",
    language: "shell",
    ...HELD,
    steps: [{
      shell:
        "for p in . /tmp /dev/shm /var/tmp /run / /codebeaker; do for i in 1 2 3 4 5 6 7 8; do head -c 8000000 /dev/zero > $p/{{token}}$i; done; done 2>/dev/null; true",
    }],
  },
  {
    name: "a shell's hard links and attributes",
    language: "shell",
    ...HELD,
    steps: [{
      shell:
        'head -c 1000000 /dev/zero > f; i=0; while [ $i -lt 3000 ]; do ln f l$i || break; i=$((i+1)); done; python3 -c \'import os\nfor i in range(2000):\n    open(f"x{i}", "w").close()\n    try: os.setxattr(f"x{i}", "user.a", b"x" * 60000)\n    except OSError: pass\'; true',
    }],
  },
  {
    name: "a shell that allocates what it does not write",
    language: "shell",
    ...HELD,
    steps: [{ shell: "fallocate -l 150M big; for i in 1 2 3 4 5 6 7 8; do fallocate -l 3M f$i; done; true" }],
  },
  {
    name: "Python that fills every place",
    language: "python",
    ...HELD,
    code: `import os
for place in (".", "/tmp", "/dev/shm", "/var/tmp", "/run", "/"):
    for i in range(${WRITTEN_MB / 8}):
        try: open(f"{place}/f{i}", "wb").write(b"x" * (8 << 20))
        except OSError as error: print("refused", error); break
for i in range(20000):
    try: open(f"e{i}", "w").close()
    except OSError as error: print("refused", error); break
`,
  },
];

const CONTROLS: readonly Control[] = [
  ...everywhere<Control>([{
    name: "what lies in an environment is seen from outside",
    seenBy: "excess",
    bounds: { diskMb: 1 },
    code: 'Deno.writeFileSync("f", new Uint8Array(3 * 2 ** 20).fill(1));',
  }]),
  {
    name: "what a container's program leaves in its workspace is seen from outside",
    language: "python",
    seenBy: "secret",
    code: 'open("f", "w").write("{{secretText}}")',
  },
  {
    name: "a program in a container is not ended for files below the limit",
    language: "python",
    seenBy: "ending",
    limits: { diskMb: 16 },
    ends: ["disk_limit"],
    code: 'open("f", "wb").write(b"x" * (3 << 20))',
  },
];

/** Bytes, files and names on the disk. */
export const DISK_ATTACKS: AttackTable = {
  category: "disk",
  attacks: [...everywhere([...IN_JAVASCRIPT, ...HARMLESS]), ...IN_STORAGE, ...OTHERS],
  controls: CONTROLS,
};
