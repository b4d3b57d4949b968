import type { Config } from "../../src/config.ts";
import { WITHOUT_DOCKER } from "./variables.ts";

/** The settings of a service that a test composes in its own process, whatever the variables of that say. */
export function configFor(directory: string, settings: Partial<Config> = {}): Config {
  return {
    host: "127.0.0.1",
    port: 0,
    scratch: directory,
    logLevel: "error",
    logFormat: "json",
    logFile: undefined,
    minIsolation: 7,
    maxConcurrent: 8,
    memoryBudgetMb: 8_192,
    warmMax: 0,
    warmMemoryMb: 512,
    warmIdleMs: 60_000,
    probe: false,
    autoPrepare: false,
    maxSessions: 10,
    allowInstall: true,
    maxBodyBytes: 16_777_216,
    drainMs: 200,
    readRoots: [],
    writeRoots: [],
    allowOrigins: [],
    openNetworks: [],
    allowedHosts: undefined,
    limitCeilings: {},
    limitDefaults: {},
    searchPath: ["/usr/bin", "/bin"],
    home: `${directory}/home`,
    apiKeys: [],
    outputRetentionHours: 24,
    maxStoredOutputMb: 1_024,
    auditRetentionDays: 90,
    keepSource: false,
    runtimes: { docker: { dockerHost: WITHOUT_DOCKER.CODEBEAKER_DOCKER_HOST, dockerPull: "never" } },
    ...settings,
  };
}
