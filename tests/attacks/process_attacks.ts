import {
  type Attack,
  type AttackTable,
  type Control,
  everywhere,
  type Exemptions,
  WITHOUT_NAMESPACES,
} from "./attack.ts";
import { PROCESSES_IN_ECMASCRIPT } from "./ecmascript_attacks.ts";
import { SYSTEM_CALLS } from "./system_calls.ts";

/** More than any honest limit, and few enough for a machine on which nothing holds them. */
const BOMB = 400;
/** The kernel lets a program have threads beside its processes: until the service has looked, they may be processes. */
/** The kernel lets some 128 threads and a margin be above the limit, of processes or of threads. */
const FEW = { limits: { maxProcesses: 16, timeoutMs: 3_000 }, bounds: { processes: 170 } } as const;
const WATCHED: Exemptions = {
  "deno in namespaces, not root": {
    oracle: "excess",
    reason:
      "without a control group or a user of its own, the processes of a program that may start others are counted by looks",
  },
};

const IN_JAVASCRIPT: readonly Attack[] = [
  ...everywhere([
    {
      name: "programs of this machine",
      tries: [
        'new Deno.Command("sh", { args: ["-c", "cat {{secret}}; touch {{outside}}/{{token}}"] }).output()',
        'new Deno.Command("/bin/sh", { args: ["-c", "touch {{outside}}/{{token}}"] }).spawn().status',
        'new Deno.Command(Deno.execPath(), { args: ["eval", "Deno.writeTextFileSync(`{{outside}}/{{token}}`, `x`)"] }).output()',
        'new Deno.Command("{{outside}}/tool.sh").output()',
      ],
      trips: "outside",
    },
    {
      name: "programs of this machine, by node:child_process",
      code: `import * as children from "node:child_process"; import cluster from "node:cluster";
      const line = "touch {{outside}}/{{token}}";
      for (const act of [() => children.execSync(line), () => children.spawnSync("sh", ["-c", line]), () => children.execFileSync("/bin/sh", ["-c", line]),
        () => children.fork("{{outside}}/secret.cjs"), () => cluster.fork()])
        try { console.log(String(act())); } catch (error) { console.log("refused", error.message); }
      setTimeout(() => Deno.exit(0), 200);`,
      trips: "outside",
    },
    {
      name: "signals to other processes",
      tries: [
        'Deno.kill({{victim}}, "SIGKILL")',
        "process.kill({{victim}}, 9)",
        'Deno.kill(-{{victim}}, "SIGKILL")',
        'import("node:process").then(({ kill }) => kill({{victim}}, "SIGTERM"))',
        'Deno.kill({{victim}}, "SIGSTOP")',
      ],
    },
    {
      name: "privileged calls of Deno",
      tries: [
        'Deno.chown("main.ts", 0, 0)',
        'Deno.chmod("main.ts", 0o6777)',
        "Deno.setUid?.(0)",
        "process.setuid(0)",
        "process.setgroups([0])",
        "Deno.umask(0)",
        "process.chdir('/')",
        'import("node:os").then(({ setPriority }) => setPriority({{victim}}, 19))',
      ],
    },
  ]),
  {
    name: "native code",
    files: { "evil.node": "no library", "evil.so": "no library" },
    code: `const attempts = [
        () => Deno.dlopen("libc.so.6", { system: { parameters: ["buffer"], result: "i32" } }).symbols.system(new TextEncoder().encode("touch {{outside}}/{{token}}\\0")),
        () => process.dlopen({ exports: {} }, "./evil.node"),
        () => Deno.dlopen("./evil.so", {}),
        () => new Deno.UnsafePointerView(Deno.UnsafePointer.create(1n)),
        () => process.binding("spawn_sync").spawn({ file: "/bin/touch", args: ["touch", "{{outside}}/{{token}}"] }),
        () => Deno[Deno.internal].core.ops.op_spawn_sync,
      ];
      for (const attempt of attempts) try { console.log(attempt()); } catch (error) { console.log("refused", error.message); }
      const { createRequire } = await import("node:module");
      try { createRequire(import.meta.url)("./evil.node"); } catch (error) { console.log("refused", error.message); }`,
    trips: "outside",
  },
  {
    name: "a Worker with more permissions than its program",
    files: {
      "worker.ts":
        `try { self.postMessage(Deno.readTextFileSync("{{secret}}")); } catch (error) { self.postMessage(error.message); }
        try { new Deno.Command("touch", { args: ["{{outside}}/{{token}}"] }).outputSync(); } catch { /* Refused. */ }`,
    },
    code:
      `for (const permissions of ["inherit", { read: true, run: true, write: true, net: true, env: true, ffi: true }, { read: ["/"] }]) {
        await new Promise((resolve) => {
          try {
            const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", deno: { permissions } });
            worker.onmessage = ({ data }) => (console.log(data), worker.terminate(), resolve());
            worker.onerror = (event) => (event.preventDefault(), resolve());
          } catch (error) { console.log("refused", error.message); resolve(); }
        });
      }`,
  },
  {
    name: "permissions that it asks for",
    code:
      `for (const name of ["run", "read", "write", "net", "env", "ffi", "sys", "import"]) console.log(await Deno.permissions.request({ name }));
      for (const path of ["{{secret}}", "/"]) console.log(await Deno.permissions.request({ name: "read", path }));
      try { console.log(Deno.readTextFileSync("{{secret}}")); } catch { console.log("refused"); }`,
    steps: [{ code: 'console.log(prompt("?"), confirm("?"), alert("?")); console.log(1);' }],
  },
  {
    name: "drivers, which are native code",
    files: {
      ".local/share/vulkan/icd.d/evil.json":
        '{"ICD":{"library_path":"./evil.so","api_version":"1.3.0"},"file_format_version":"1.0.0"}',
      "evil.so": "no library",
    },
    code: "console.log(await navigator.gpu?.requestAdapter() ?? null);",
  },
];

/** Where a program may start others, all of them are in the same sandbox. */
const WITH_RUN: readonly Attack[] = [
  {
    name: "with leave to run: what is outside",
    permissions: { allowRun: true },
    refusals: WITHOUT_NAMESPACES,
    code:
      `for (const line of ["cat {{secret}}", "touch {{outside}}/{{token}}", "kill -9 {{victim}} -1", "curl -m 1 http://127.0.0.1:{{tcp}}/", "cat /proc/*/root{{secret}}", "id; cat /etc/shadow"])
        try { console.log(new TextDecoder().decode((await new Deno.Command("sh", { args: ["-c", "(trap '' TERM; " + line + ") &\\nsleep 0.1; " + line] }).output()).stdout)); } catch (error) { console.log("refused", error.message); }`,
    limits: { timeoutMs: 5_000 },
  },
  {
    name: "with leave to run: Deno with every permission",
    permissions: { allowRun: true },
    refusals: WITHOUT_NAMESPACES,
    code:
      `const code = 'for (const act of [() => console.log(Deno.readTextFileSync("{{secret}}")), () => Deno.writeTextFileSync("{{outside}}/{{token}}", "x"), () => Deno.kill({{victim}}, "SIGKILL")]) try { act() } catch (error) { console.log("refused", error.message) } await fetch("http://127.0.0.1:{{tcp}}/").catch(console.log)';
      console.log(new TextDecoder().decode((await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output()).stdout));`,
  },
  {
    name: "with leave to run: children that outlive it",
    permissions: { allowRun: true },
    refusals: WITHOUT_NAMESPACES,
    code: `for (const line of ["setsid sleep 300", "env -i setsid sleep 301", "(sleep 302 &) &", "nohup sleep 303"])
        new Deno.Command("sh", { args: ["-c", line + " &"], stdin: "null", stdout: "null", stderr: "null" }).outputSync();
      console.log("done");`,
    ends: ["exited", "nothing ran"],
  },
  {
    name: "with leave to run: a bomb",
    permissions: { allowRun: true },
    refusals: WITHOUT_NAMESPACES,
    exemptions: WATCHED,
    ...FEW,
    code:
      `for (let count = 0; count < ${BOMB}; count++) try { new Deno.Command("sleep", { args: ["300"], stdin: "null", stdout: "null", stderr: "null" }).spawn(); } catch { /* Enough. */ }
      await new Promise((resolve) => setTimeout(resolve, 60_000));`,
    ends: ["process_limit", "descriptor_limit", "exited", "nothing ran"],
  },
];

const BY_SHELL: readonly Attack[] = [
  {
    name: "children of a shell that outlive it",
    language: "shell",
    steps: [{
      shell:
        "setsid sleep 300 & env -i setsid sleep 301 & (sleep 302 &) & nohup sleep 303 >/dev/null 2>&1 & disown 2>/dev/null; echo done",
    }],
    ends: ["exited"],
  },
  {
    name: "a shell's bomb",
    language: "shell",
    ...FEW,
    exemptions: WATCHED,
    steps: [{ shell: `i=0; while [ $i -lt ${BOMB} ]; do (sleep 300; :) & i=$((i+1)); done; wait` }],
    ends: ["process_limit", "timed_out", "exited", "signaled"],
  },
  {
    name: "a shell's bomb that doubles",
    language: "shell",
    ...FEW,
    exemptions: WATCHED,
    steps: [{ shell: "f() { [ $1 -gt 8 ] && sleep 300; f $(($1+1)) & f $(($1+1)) & wait; }; f 0" }],
    ends: ["process_limit", "timed_out", "exited", "signaled"],
  },
  {
    name: "zombies that nobody waits for",
    language: "shell",
    ...FEW,
    exemptions: WATCHED,
    steps: [{
      shell: ["perl", "-e", `for (1..${BOMB}) { my $pid = fork; exit 0 if defined $pid && $pid == 0; } sleep 300`],
    }],
    ends: ["process_limit", "timed_out", "exited", "signaled"],
  },
  {
    name: "signals to everybody",
    language: "shell",
    steps: [{ shell: "kill -9 {{victim}} {{service}}; kill -STOP $PPID 1; kill -9 $PPID 1; kill -9 -1" }],
    ends: ["exited", "signaled"],
  },
  {
    name: "setuid programs and capabilities",
    language: "shell",
    steps: [{
      shell:
        "for p in su mount umount passwd sudo newgrp chsh pkexec ping; do command -v $p; done; su -c 'cat {{secret}}'; chmod 4755 tool; cp /bin/sh suid; chmod 6755 suid; ./suid -p -c 'id; cat {{secret}}'; setpriv --reuid 0 cat {{secret}}; capsh --print; ulimit -n unlimited; ulimit -u unlimited; renice -20 $$",
    }],
  },
  {
    name: "calls of administrators and debuggers",
    language: "shell",
    steps: [{
      shell: [
        "python3",
        "-c",
        `import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
calls = {"ptrace": (101, 16, {{victim}}, 0, 0), "process_vm_readv": (310, {{victim}}, 0, 0, 0, 0, 0), "unshare": (272, 0x10000000), "setns": (308, 0, 0), "mount": (165, b"none", b"/tmp", b"tmpfs", 0, 0),
  "bpf": (321, 0, 0, 0), "userfaultfd": (323, 0), "io_uring_setup": (425, 8, 0), "keyctl": (250, 0, 0, 0, 0, 0), "add_key": (248, b"user", b"a", b"b", 1, -3), "perf_event_open": (298, 0, 0, -1, -1, 0),
  "open_by_handle_at": (304, 0, 0, 0), "pidfd_open": (434, {{victim}}, 0), "kill": (62, {{victim}}, 9), "fsopen": (430, b"tmpfs", 0), "chroot": (161, b"/"), "acct": (163, b"/{{token}}"), "kcmp": (312, {{victim}}, 1, 0, 0, 0)}
for name, call in calls.items(): print(name, libc.syscall(*call), os.strerror(ctypes.get_errno()))
`,
      ],
    }],
  },
  {
    name: "calls that no list allows",
    language: "shell",
    steps: [{
      shell: [
        "python3",
        "-c",
        `import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
own = os.getpid()
calls = {"kcmp": (312, own, own, 0, 0, 1), "pidfd_getfd": (438, os.pidfd_open(own), 0, 0), "personality": (135, 0x0040000), "io_uring_setup": (425, 8, ctypes.create_string_buffer(120)), "unshare": (272, 0x10000000)}
for name, call in calls.items(): print("allowed" if libc.syscall(*call) >= 0 else "refused", name)
`,
      ],
    }],
    reveals: "allowed ",
    trips: "secret",
  },
  {
    name: "calls that the list of this machine's programs does not have",
    language: "shell",
    steps: [{ shell: ["python3", "-c", SYSTEM_CALLS] }],
    reveals: "allowed ",
    trips: "secret",
  },
  {
    name: "children of Python that outlive it",
    language: "python",
    code: `import os, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execve("/bin/sleep", ["sleep", "300"], {})
        os._exit(0)
print("done")
`,
    ends: ["exited"],
  },
  {
    name: "Python's bomb",
    language: "python",
    ...FEW,
    code: `import os, time
for _ in range(${BOMB}):
    try:
        if os.fork() == 0: time.sleep(300)
    except OSError: pass
time.sleep(300)
`,
    ends: ["process_limit", "memory_limit", "timed_out"], // Where memory is summed, forks count what they share.
  },
  {
    name: "signals of a container to everybody",
    language: "bash",
    steps: [{ code: "kill -9 {{victim}}; kill -STOP 1 $PPID; kill -9 $PPID; kill -9 -1" }],
    ends: ["exited", "signaled", "interrupted"],
  },
];

/** Kills the victim, and waits until it is dead. */
const KILL_AND_WAIT = `import os, time
os.kill({{victim}}, 9)
try:
    while open("/proc/{{victim}}/stat").read().rpartition(") ")[2][0] not in "ZX": time.sleep(0.01)
except OSError: pass # It is gone altogether.`;

const CONTROLS: readonly Control[] = [
  ...everywhere<Control>([
    {
      name: "a child that is still there is seen",
      seenBy: "secret",
      permissions: { allowRun: true },
      refusals: WITHOUT_NAMESPACES,
      code:
        `console.log(new TextDecoder().decode(new Deno.Command("echo", { args: ["{{secretText}}"] }).outputSync().stdout));`,
    },
    {
      name: "a program's own process is counted",
      seenBy: "excess",
      bounds: { processes: 0 },
      code: "setTimeout(() => {}, 700);",
    },
  ]),
  {
    name: "processes of a container are counted",
    // Over gVisor, which has no Node here, this machine's kernel sees none of a program's processes.
    language: "node",
    seenBy: "excess",
    bounds: { processes: 2 },
    code: `for (let i = 0; i < 4; i++) require("child_process").spawn("sleep", ["0.7"]);`,
  },
  {
    name: "a process of this machine is ended by a program that nothing holds",
    language: "python",
    seenBy: "victim",
    steps: [{ unheld: ["python3", "-c", KILL_AND_WAIT] }],
  },
];

/** Other programs, native code, signals, and processes that outlive their program. */
export const PROCESS_ATTACKS: AttackTable = {
  category: "processes",
  attacks: [...IN_JAVASCRIPT, ...everywhere(WITH_RUN), ...PROCESSES_IN_ECMASCRIPT, ...BY_SHELL],
  controls: CONTROLS,
};
