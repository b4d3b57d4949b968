import { join } from "@std/path";
import type { RuntimeEntry } from "../../../../src/runtimes/entry.ts";
import { commandLaunch } from "../../../../src/runtimes/process/command_launch.ts";
import { findBinary } from "../../../../src/runtimes/process/find_binary.ts";
import { createProcessRuntime } from "../../../../src/runtimes/process/process_runtime.ts";
import type { ProcessSpec } from "../../../../src/runtimes/process/spec.ts";
import { HONEST_CANARY } from "../../../../src/runtimes/self_test/canary.ts";

/** A runtime of shell scripts: the measure of how little a spec has to say. */
export const SPEC: ProcessSpec = {
  facts: {
    name: "sh",
    type: "NativeProcess",
    supportedEnvironments: ["bash"],
    contextEnvironments: [],
    warmEnvironments: [],
    capabilities: {
      startupTimeMs: 10,
      memoryOverheadMB: 2,
      isolationLevel: 7,
      supportsFilesystemPersistence: true,
      supportsNetworkAccess: false,
      maxConcurrentExecutions: 100,
    },
    runsAnyCommandLine: true,
  },
  subject: "sh",
  binary: {
    find: () => findBinary("bash", { remedy: "install bash", setting: "PATH", searchPath: ["/usr/bin", "/bin"] }),
    remedy: "install bash",
    probe: {
      language: "bash",
      code: "echo $BASH_VERSION",
      whyNot: (output) => /^\d/.test(output) ? undefined : `found ${JSON.stringify(output)}`,
    },
  },
  modules: {},
  directories: [],
  reservedDataBytes: 0,
  memoryEndings: [{ pattern: /cannot allocate \d+ bytes/, endings: [2] }],
  selfTest: {
    language: "bash",
    variableNames: ["PATH", "HOME", "TMPDIR", "LANG", "PWD", "OLDPWD", "SHLVL", "_"],
    version: 1,
    canaries: [
      {
        name: HONEST_CANARY,
        promise: "an honest program runs",
        cost: "runtime",
        files: () => ({ "main.sh": "echo $((6 * 7))" }),
        fault: ({ output }) => output === "42\n" ? undefined : `it printed ${JSON.stringify(output)}`,
      },
      {
        name: "files",
        promise: "a program reads no file of the host",
        cost: "runtime",
        files: ({ secretPath }) => ({ "main.sh": `cat ${secretPath}` }),
        fault: ({ output, targets }) => output.includes(targets.secret) ? "a file of the host was read" : undefined,
      },
    ],
  },
  launchFile: (site, { path, args, ...program }) =>
    commandLaunch(site, {
      command: site.mounts.binary.source,
      args: [join(site.mounts.workspace.target, path), ...args],
      ...program,
    }),
};

/** The row that this runtime would be in the table of runtimes. */
export const sh: RuntimeEntry = {
  name: "sh",
  settings: {},
  commands: [],
  facts: () => SPEC.facts,
  load: () => Promise.resolve({ create: (host) => createProcessRuntime(SPEC, host) }),
  loadTestSubjects: () =>
    Promise.resolve({
      deviations: () => ({
        "a refused network access is reported, although the program caught the error":
          "nothing reports a denial: the program has no network to ask for",
      }),
      warmLanguages: [],
      usesHostLayers: true,
      shellEnvironment: "bash",
      attackSubjects: {},
    }),
};
