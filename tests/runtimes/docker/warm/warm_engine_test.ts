import { assert, assertEquals, assertRejects } from "@std/assert";
import { runProgram } from "../../../../src/commands/mod.ts";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import type { ProgramResult } from "../../../../src/core/execution.ts";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import type { ExecutionEnvironment } from "../../../../src/runtimes/port.ts";
import { configFor, dockerAvailability, type DockerUnderTest, openDocker, runCode } from "../../../support/docker.ts";
import { EAGER_POOL } from "../../../support/eager_pool.ts";
import { isPresent } from "../../../support/requirements.ts";
import { until } from "../../../support/until.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** One program of a single use, as a request asks for it. */
interface Request {
  readonly language: string;
  readonly code: string;
  readonly files?: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly path?: string;
}

/** What a Python program can see of how it was started. */
const PYTHON_FACTS = `
import builtins, gc, json, os, signal, site, sys
def read(path):
    with open(path, "rb") as file: return file.read().decode()
status = read("/proc/self/status")
print(json.dumps({
    "argv": sys.argv, "orig_argv": sys.orig_argv, "path": sys.path, "flags": list(sys.flags),
    "modules": sorted(sys.modules), "globals": sorted(globals()), "file": __file__, "name": __name__,
    "variables": sorted(os.environ.items()), "cwd": os.getcwd(), "umask": os.umask(0o22),
    "cmdline": read("/proc/self/cmdline").split("\\0")[:2], "signals": [line for line in status.splitlines() if line[:3] == "Sig" and line[3] != "Q"],
    "ids": [os.getuid(), os.getgid(), os.getpgrp() == os.getppid()], "fds": sorted(os.listdir("/proc/self/fd"))[:-1],
    "threads": len(os.listdir("/proc/self/task")), "stdin": sys.stdin.read(), "site": [site.USER_BASE, site.USER_SITE],
    "handlers": [str(signal.getsignal(number)) for number in range(1, 32)],
    "tmp": [name for name in os.listdir("/tmp") if not name.startswith(".ended-")],
    "files": sorted((name, os.stat(name).st_mode, os.path.getsize(name)) for name in os.listdir(".")),
    "executable": sys.executable, "prefix": sys.prefix, "caches": sorted(map(str, sys.path_importer_cache)),
    "encodings": [sys.stdout.encoding, sys.getfilesystemencoding()], "oom": read("/proc/self/oom_score_adj"),
}, ensure_ascii=False))
print(sys.argv[1:], file=sys.stderr)
`;

const PYTHON_REQUESTS: readonly Request[] = [
  { language: "python", code: PYTHON_FACTS, args: ["a b", "", "é\n'\"\\$x", "-c"], stdin: "one\ntwo" },
  { language: "python", code: PYTHON_FACTS, env: { A: "b\n'ā😀", secret: "s", B: "" } },
  {
    language: "python",
    code: PYTHON_FACTS,
    env: { PYTHONPATH: "/workspace/lib", TZ: "Asia/Tokyo", LANG: "C" },
    args: ["x"],
  },
  {
    language: "python",
    code: PYTHON_FACTS,
    files: { "bytes.bin": new Uint8Array([0, 255, 58, 10]), "lib/a/b.py": "" },
  },
  { language: "python", code: PYTHON_FACTS, files: { ".packages/sitecustomize.py": "print('customized')" } },
  { language: "python", code: "import mine; print(mine.x)", files: { ".packages/mine.py": "x = 4" } },
  { language: "python", code: "print(1)", files: { "other.py": PYTHON_FACTS }, path: "other.py", args: ["y"] },
  { language: "python", code: "def f():\n    raise ValueError('é')\nf()" },
  { language: "python", code: "print(1\n" },
  { language: "python", code: "import nothing" },
  { language: "python", code: "import usercustomize" },
  { language: "python", code: "import atexit\natexit.register(print, 'bye')\nraise SystemExit('words')" },
  { language: "python", code: "import os, signal\nos.kill(os.getpid(), signal.SIGINT)" },
  { language: "python", code: "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)" },
  {
    language: "python",
    code: "import subprocess\nprint(subprocess.run(['cat'], capture_output=True).stdout)",
    stdin: "for a child",
  },
  {
    language: "python",
    code: "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'print(open(0).read())'])",
    stdin: "x",
  },
  { language: "python", code: "" },
];

const OTHER_REQUESTS: readonly Request[] = [
  {
    language: "bash",
    code: 'env | sort | grep -v "^_="; echo "$0 $# $1"; cat; exit 5',
    args: ["a\nb'"],
    env: { A: "b\n'ā" },
    stdin: "é",
  },
  { language: "bash", code: "kill -9 $$" },
  { language: "bash", code: "no_such_command" },
  {
    language: "bash",
    code: "cat lib/data; ls -lA --time-style=+ | tail -n +2",
    files: { "lib/data": "x".repeat(100_000) },
  },
];

/** Serves a request as the engine does, in an environment of its own. */
async function request(
  { runtime }: DockerUnderTest,
  { language, code, files = {}, args = [], env = {}, stdin = "", path }: Request,
): Promise<ProgramResult & { readonly warm: boolean }> {
  const config = configFor(language, { singleUse: true, environmentVariables: env });
  await using environment = await runtime.createEnvironment(config);
  const main = environment.mainFile();
  for (const [name, content] of Object.entries({ [main]: code, ...files })) {
    await environment.files.write(name, typeof content === "string" ? encode(content) : content);
  }
  const program = { kind: "file", path: path ?? main, args } as const;
  const result = await runProgram(environment, program, { limits: DEFAULT_LIMITS, stdin });
  return { ...result, warm: environment.warm };
}

/** Whether something waits in the container of an environment, beside what keeps it. */
async function waitsIn(docker: DockerUnderTest, { id, language }: ExecutionEnvironment): Promise<boolean> {
  const containers = await docker.containers();
  const container = containers.find(({ Labels }) => Object.values(Labels).includes(id));
  const { Processes } = await docker.engine.getContainer(container?.Id ?? "").top();
  const lines: string[] = Processes.map((columns: string[]) => columns.join(" "));
  return lines.some((line) => line.includes(language === "python" ? "python3 main.py" : "launch.sh"));
}

/** Whether a process is gone, or holds nothing any more. */
function hasEnded(pid: number): boolean {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/stat`).includes(") Z ");
  } catch {
    return true;
  }
}

if (isPresent("docker", await dockerAvailability("python", "bash"))) {
  const cold = await openDocker();
  const preparing: Promise<void>[] = [];
  const pool: typeof EAGER_POOL = {
    ...EAGER_POOL,
    schedule: (_client, task) => void preparing.push(task().catch(() => {})),
  };
  const warm = await openDocker({}, { pool });
  /** Settles when what is prepared for next programs is warm. A program that comes sooner waits for it a moment alone. */
  const prepared = () => Promise.all(preparing);
  Deno.test.afterAll(async () => {
    await cold[Symbol.asyncDispose]();
    await warm[Symbol.asyncDispose]();
  });
  for (const { runtime } of [cold, warm]) await runtime.diagnose(); // The self-test, which a test would else find running.

  for (const one of [...PYTHON_REQUESTS, ...OTHER_REQUESTS]) {
    const title = `${one.language} ${JSON.stringify({ ...one, code: one.code.slice(0, 40) })}`;
    Deno.test(`[docker] a program cannot tell a warm start from a cold one: ${title}`, async () => {
      const [expected, seen] = [await request(cold, one), await request(warm, one)];
      assertEquals([expected.warm, seen.warm], [false, true]);
      const told = ({ denials, outcome, stderr, stdout }: ProgramResult) => ({ denials, outcome, stderr, stdout });
      assertEquals(told(seen), told(expected));
      assert(one.code !== PYTHON_FACTS || seen.stdout.includes("/workspace/main.py"), seen.stderr);
    });
  }

  Deno.test("[docker] a warm container is removed with the environment that leased it, used or not", async () => {
    const config = configFor("python", { singleUse: true });
    {
      await using _unused = await warm.runtime.createEnvironment(config);
      assertEquals((await warm.containers()).length, 1);
    }
    await until(async () => (await warm.containers()).length === 0, "its container is gone");
  });

  Deno.test("[docker] a program starts cold when its warm container was lost", async () => {
    await using environment = await warm.runtime.createEnvironment(configFor("python", { singleUse: true }));
    const [container] = await warm.containers();
    await warm.engine.getContainer(container?.Id ?? "").remove({ force: true });
    const { stdout } = await runCode(environment, "print(6 * 7)");
    assertEquals([stdout, environment.warm], ["42\n", false]);
  });

  Deno.test("[docker] a program starts cold when its warm interpreter was killed", async () => {
    for (const singleUse of [true, false]) {
      await using environment = await warm.runtime.createEnvironment(configFor("python", { singleUse }));
      const [container] = await warm.containers();
      const handle = warm.engine.getContainer(container?.Id ?? "");
      const { Titles, Processes } = await handle.top();
      const line = Processes.find((columns: string[]) => columns[Titles.indexOf("CMD")] === "python3 main.py");
      const pid = Number(line?.[Titles.indexOf("PID")]);
      Deno.kill(pid, "SIGKILL");
      await until(() => hasEnded(pid), "it has ended"); // Until then a program is still given to it, and told as killed.
      const { outcome, stdout } = await runCode(environment, "print(6 * 7)");
      assertEquals([outcome, stdout, environment.warm], [{ kind: "exited", exitCode: 0 }, "42\n", false]);
    }
  });

  Deno.test("[docker] a launcher is warm alone in an image whose Python imports no usercustomize", async () => {
    const [{ RepoTags: [image] = [] } = {}] = await warm.engine.listImages({
      filters: { reference: ["codebeaker/python"] },
    });
    const environments = { python: { image, env: { PYTHONNOUSERSITE: "1" } } };
    await using docker = await openDocker({ dockerEnvironments: environments }, { pool: EAGER_POOL });
    const config = configFor("python", { singleUse: true });
    const error = await assertRejects(() => docker.runtime.createEnvironment(config), CodeBeakerError);
    assert(error.message.includes("could not become warm"), error.message); // The pool would log it and start cold.
    await using environment = await docker.runtime.createEnvironment(config);
    assertEquals([(await runCode(environment, "print(6 * 7)")).stdout, environment.warm], ["42\n", true]);
  });

  Deno.test("[docker] a warm container has no data of the client whose request made it", async () => {
    let made: (() => Promise<unknown>) | undefined;
    await using docker = await openDocker({}, {
      pool: { ...EAGER_POOL, lease: (_kind, { make }) => Promise.resolve(void (made = make)) },
    });
    const config = configFor("python", { singleUse: true, environmentVariables: { PASSWORD: "hunter2" } });
    await using _environment = await docker.runtime.createEnvironment(config);
    await using _waiting = await made?.() as AsyncDisposable;
    const [container] = await docker.containers();
    const inspected = await docker.engine.getContainer(container?.Id ?? "").inspect();
    assert(!JSON.stringify(inspected).includes("hunter2"));
  });

  Deno.test("[docker] a program cannot read its launcher's secret", async () => {
    const { stdout } = await request(warm, {
      language: "python",
      code: `
import os
for pid in filter(str.isdigit, os.listdir("/proc")):
    for name in ("environ", "cmdline"):
        try: print(open(f"/proc/{pid}/{name}").read())
        except OSError as error: print(error.errno)
    try: print([os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")])
    except OSError as error: print(error.errno)
print(vars(), [object for object in __import__("gc").get_objects() if isinstance(object, (dict, list, bytes, str))])
`,
    });
    const uuids = stdout.match(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g) ?? [];
    const nonces = stdout.match(/(?:\.hook|\.ended)-[0-9a-f-]{36}/g) ?? [];
    assertEquals(uuids.filter((uuid) => !nonces.some((nonce) => nonce.endsWith(uuid))), []);
  });

  Deno.test("[docker] a session's programs find a warm interpreter, and their files", async () => {
    await using environment = await warm.runtime.createEnvironment(configFor("python"));
    for (const turn of [1, 2, 3]) {
      await prepared();
      const { stdout } = await runCode(environment, `open("turns", "a").write("${turn}")\nprint(open("turns").read())`);
      assertEquals([stdout, environment.warm], [`${"123".slice(0, turn)}\n`, true]);
    }
  });

  Deno.test("[docker] files that a program leaves are not run by a warm interpreter", async () => {
    await using environment = await warm.runtime.createEnvironment(configFor("python"));
    const trap = `
import os
os.makedirs(".packages/encodings", exist_ok=True)
for place in (".packages", ".packages/encodings", "/tmp/.local/lib/python3.13/site-packages", "/tmp/.local/lib/python3.11/site-packages"):
    os.makedirs(place, exist_ok=True)
    for name in ("sitecustomize.py", "usercustomize.py", "x.pth", "site.py"):
        open(f"{place}/{name}", "w").write("import os; os.open('/workspace/sprung', os.O_CREAT)\\n")
`;
    await runCode(environment, trap);
    await prepared();
    const names = (await environment.files.list(".", { maxDepth: 1 })).children?.map(({ name }) => name);
    assertEquals(names?.includes("sprung"), false);
    const { stdout } = await runCode(environment, "import os; print(os.path.exists('sprung'))");
    assertEquals([stdout, environment.warm], ["True\n", true]); // Cold, Python would run it too.
  });

  Deno.test("[docker] a session's warm interpreter ends before a program that it cannot run begins", async () => {
    await using environment = await warm.runtime.createEnvironment(configFor("python"));
    await until(() => waitsIn(warm, environment), "something waits");
    const look = "for each in /proc/[0-9]*/comm; do cat $each; done 2>/dev/null | sort | tr '\\n' ' '";
    const shell = { kind: "shell", command: "sh", args: ["-c", look], workingDirectory: "." } as const;
    const { stdout } = await runProgram(environment, shell, { limits: DEFAULT_LIMITS });
    assertEquals([stdout.includes("python"), environment.warm], [false, false]);
  });

  Deno.test("[docker] a warm launcher writes small files by the same rules as others are written", async () => {
    await using environment = await warm.runtime.createEnvironment(configFor("bash"));
    const prepare =
      "mkdir directory; ln -s /etc/passwd out; ln -s file in; echo old old old >file; : >closed; chmod 0 closed";
    await runCode(environment, prepare);
    const faults: Record<string, string> = {};
    for (const path of ["file", "in", "new", "directory", "out", "closed"]) {
      await until(() => waitsIn(warm, environment), "something waits");
      await environment.files.write(path, encode(`as ${path}`)).catch(({ code }) => void (faults[path] = code));
    }
    assertEquals(faults, { directory: "invalid_request", out: "permission_denied", closed: "permission_denied" });
    const { stdout } = await runCode(
      environment,
      "cat file new; stat -c %a new; test -L in && test -L out && test ! -s closed && echo kept",
    );
    assertEquals(stdout, "as inas new600\nkept\n");
  });
}
