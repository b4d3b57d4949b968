import {
  alike,
  type Attack,
  type AttackTable,
  type Control,
  everywhere,
  inNamespaces,
  WITHOUT_NAMESPACES,
} from "./attack.ts";

const REQUESTED = "environment variables from the request";
const INIT = "/proc/1/environ";

/** Names by which a request would reach into a runtime, its loader, its libraries or its trust. */
const DISARMING: Readonly<Record<string, readonly string[]>> = {
  "Deno's permissions": ["DENO_PERMISSION_BROKER_PATH", "DENO_AUDIT_PERMISSIONS", "DENO_TRACE_PERMISSIONS"],
  "Deno's engine": ["DENO_V8_FLAGS", "DENO_COVERAGE_DIR", "DENO_DIR", "DENO_NO_PACKAGE_JSON", "deno_v8_flags"],
  "Deno's trust": ["DENO_TLS_CA_STORE", "DENO_CERT", "DENO_AUTH_TOKENS", "SSL_CERT_FILE", "SSL_CERT_DIR"],
  "the loader": ["LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "ld_preload"],
  "Node": ["NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "NODE_PATH", "NODE_V8_COVERAGE"],
  "npm and Bun": ["NPM_CONFIG_REGISTRY", "npm_config_userconfig", "BUN_OPTIONS"],
  "telemetry and key logs": ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_DENO", "SSLKEYLOGFILE"],
  "proxies": ["HTTP_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY"],
  "interpreters": ["PYTHONSTARTUP", "PERL5OPT", "RUBYOPT", "PHPRC", "LUA_INIT", "R_PROFILE_USER", "JAVA_TOOL_OPTIONS"],
  "compilers": ["GCC_EXEC_PREFIX", "CPATH", "LIBRARY_PATH", "GOFLAGS", "GOTOOLCHAIN", "CARGO_HOME", "RUSTC_WRAPPER"],
  "shells": ["BASH_ENV", "ENV", "IFS", "PATH", "HOME", "SHELLOPTS"],
  "temporary directories": ["TMPDIR", "TMP", "SQLITE_TMPDIR"],
  "the C library": ["GCONV_PATH", "LOCPATH", "HOSTALIASES", "GLIBC_TUNABLES", "MALLOC_PERTURB_", "OPENSSL_CONF"],
  "graphics drivers": ["VK_ICD_FILENAMES", "XDG_DATA_HOME", "__EGL_VENDOR_LIBRARY_FILENAMES", "LIBGL_DRIVERS_PATH"],
};

const FROM_REQUESTS: readonly Attack[] = alike(
  Object.entries(DISARMING).map(([what, names]) => ({
    name: `variables of a request that reach ${what}`,
    mechanism: REQUESTED,
    steps: names.flatMap((name) => [
      { request: { code: "1", env: { [name]: "{{outside}}/{{token}}" } }, mustBeRefused: true },
      { request: { code: "1", permissions: { allowEnv: [name] } }, mustBeRefused: true },
      {
        command: {
          type: "execute_shell",
          command: "deno",
          args: ["eval", "1"],
          env: { [name]: "{{outside}}/{{token}}" },
        },
        mustBeRefused: true,
      },
    ]),
  })),
);

const SECRETS: readonly Attack[] = [
  ...everywhere([
    {
      name: "the service's variables",
      tries: [
        "Deno.env.toObject()",
        'Deno.env.get("{{variable}}")',
        "JSON.stringify(process.env)",
        'process.env["{{variable}}"]',
        'import("node:process").then(({ default: p }) => p.env.{{variable}})',
        'Deno.readTextFile("/proc/self/environ")',
      ],
      trips: "secret",
    },
    {
      name: "other processes' variables and command lines",
      mechanism: INIT,
      tries: [
        'Deno.readTextFile("/proc/{{victim}}/environ")',
        'Deno.readTextFile("/proc/{{victim}}/cmdline")',
        'Deno.readTextFile("/proc/1/environ")',
        'Deno.readTextFile("/proc/" + Deno.ppid + "/environ")',
        'Deno.readTextFile("/proc/{{service}}/environ")',
        'Array.fromAsync(Deno.readDir("/proc"), ({ name }) => Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => ""))',
      ],
    },
    {
      name: "every process's variables, by programs that it starts",
      mechanism: INIT,
      permissions: { allowRun: true },
      refusals: WITHOUT_NAMESPACES,
      code:
        `for (const line of ["cat /proc/1/environ /proc/$PPID/environ /proc/self/environ /proc/*/environ", "cat /proc/*/cmdline", "env", "ps auxwwe"]) {
        try { console.log(new TextDecoder().decode(new Deno.Command("sh", { args: ["-c", line] }).outputSync().stdout)); } catch (error) { console.log("refused", error.message); }
      }`,
    },
    {
      name: "what is said of the machine and its users",
      tries: [
        'import("node:os").then((os) => [os.userInfo(), os.hostname(), os.networkInterfaces(), os.homedir()])',
        "Deno.networkInterfaces()",
        "Deno.osRelease()",
        "Deno.systemMemoryInfo()",
        'Deno.readTextFile("/etc/shadow")',
        'Deno.readTextFile("/etc/passwd")',
        "process.report?.getReport()",
      ],
    },
  ]),
  {
    name: "the service's variables, by a name that was granted",
    permissions: { allowEnv: ["{{variable}}"] },
    tries: ['Deno.env.get("{{variable}}")', "process.env.{{variable}}", "Deno.env.toObject()"],
    trips: "secret",
  },
  {
    name: "other processes, where the kernel's files were granted",
    mechanism: INIT,
    permissions: { allowRead: ["/proc"] },
    refusals: inNamespaces('with something else at "/proc"'),
    tries: [
      'Deno.readTextFile("/proc/1/environ")',
      'Deno.readTextFile("/proc/" + Deno.ppid + "/environ")',
      'Deno.readTextFile("/proc/{{victim}}/environ")',
      'Deno.readTextFile("/proc/1/root{{secret}}")',
      'Deno.readTextFile("/proc/self/root{{secret}}")',
    ],
  },
  {
    name: "every process's variables, by a shell",
    mechanism: INIT,
    language: "shell",
    steps: [{
      shell:
        "cat /proc/1/environ /proc/$PPID/environ /proc/*/environ /proc/*/cmdline; env; strings /proc/1/environ; ps auxwwe",
    }],
  },
  {
    name: "every process's variables, by Python",
    mechanism: INIT,
    language: "python",
    code: `import glob, os
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
    try: print(path, open(path, "rb").read())
    except OSError as error: print("refused", error)
print(os.environ)
`,
  },
  {
    name: "paths in the command lines of its launchers",
    mechanism: INIT,
    language: "shell",
    steps: [{
      shell: "tr '\\0' ' ' </proc/1/cmdline; tr '\\0' ' ' </proc/1/environ; ls -l /proc/1/cwd /proc/1/exe /proc/1/fd",
    }],
    reveals: "/codebeaker-",
  },
  {
    name: "paths of this machine in the table of its mounts",
    language: "bash",
    steps: [{ shell: "cat /proc/self/mountinfo /proc/self/mounts /proc/self/mountstats" }],
    reveals: "{{scratch}}",
  },
  {
    name: "a library for its launchers, which see this machine's files",
    mechanism: "environment variables from the request",
    language: "shell",
    // The loader says "file too short" of one that is there: only the program itself may try, where it is not there.
    steps: [{ shell: "true", env: { LD_PRELOAD: "{{outside}}/marker.txt" } }],
    reveals: "file too short",
    trips: "secret",
  },
  {
    name: "the kernel's own files, where namespaces hide them",
    language: "shell",
    steps: [{
      shell:
        'read -r name </proc/1/comm; [ "$name" != bwrap ] || cat /proc/kallsyms /proc/cmdline /proc/keys | head -c 100000',
    }],
    reveals: " _stext",
    trips: "secret",
  },
  {
    name: "variables that it sets for itself and its workers",
    files: { "worker.ts": "self.postMessage([Deno.env.toObject(), JSON.stringify(process.env)]);" },
    code: `for (const name of ["LD_PRELOAD", "NODE_OPTIONS", "DENO_PERMISSION_BROKER_PATH"])
        try { Deno.env.set(name, "x"); console.log("set"); } catch { console.log("refused"); }
      const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
      worker.onmessage = ({ data }) => { console.log(data); Deno.exit(0); };
      worker.onerror = () => Deno.exit(1);`,
    trips: "secret",
  },
  {
    name: "what another environment has left in storage",
    mechanism: "a shared DENO_DIR",
    steps: [
      {
        neighbour: `localStorage.setItem("mine", "{{secretText}}"); sessionStorage.setItem("mine", "{{secretText}}");
          const cache = await caches.open("mine"); await cache.put("http://a.example/mine", new Response("{{secretText}}"));`,
      },
      {
        code:
          `try { console.log(localStorage.getItem("mine"), sessionStorage.getItem("mine")); } catch (error) { console.log("refused", error.message); }
          try { console.log(await (await (await caches.open("mine")).match("http://a.example/mine"))?.text()); } catch (error) { console.log("refused", error.message); }
          try { console.log((await (await Deno.openKv()).get(["mine"])).value); } catch (error) { console.log("refused"); }
          const channel = new BroadcastChannel("mine"); channel.onmessage = ({ data }) => console.log(data);
          setTimeout(() => Deno.exit(0), 100);`,
      },
    ],
  },
  {
    name: "compiled code that another environment has left",
    mechanism: "a shared DENO_DIR",
    steps: [
      {
        neighbour:
          'Deno.writeTextFileSync("lib.ts", "export default \'{{secretText}}\'"); await import("./lib.ts"); await import("./li" + "b.ts");',
      },
      {
        code:
          `const roots = [Deno.env.get("DENO_DIR"), "/codebeaker/deno_dir", "../deno_dir", "{{neighbour}}/deno_dir"];
          for (const root of roots) for (const path of ["", "/gen", "/dep_analysis_cache_v2", "/v8_code_cache_v2"])
            try { console.log(Deno.readTextFileSync(root + path)); } catch { try { console.log([...Deno.readDirSync(root + path)]); } catch { console.log("refused"); } }`,
      },
    ],
  },
];

const CONTROLS: readonly Control[] = [
  ...everywhere<Control>([{
    name: "a variable of the request is read",
    seenBy: "secret",
    steps: [{ code: 'console.log(Deno.env.get("MINE"));', env: { MINE: "{{secretText}}" } }],
  }]),
  {
    name: "what an environment leaves in its own storage is there in its next program",
    seenBy: "secret",
    steps: [
      { code: 'await (await caches.open("mine")).put("http://a.example/mine", new Response("{{secretText}}"));' },
      { code: 'console.log(await (await (await caches.open("mine")).match("http://a.example/mine"))?.text());' },
    ],
  },
  {
    name: "a variable of the request is read by Python",
    language: "python",
    seenBy: "secret",
    steps: [{ code: 'import os; print(os.environ["MINE"])', env: { MINE: "{{secretText}}" } }],
  },
];

/** Variables, command lines, and what one environment leaves for another. */
export const ENVIRONMENT_ATTACKS: AttackTable = {
  category: "environment",
  attacks: [...FROM_REQUESTS, ...SECRETS],
  controls: CONTROLS,
};
