import { join } from "@std/path";
import type { Availability, RuntimeCapabilities } from "../../core/capabilities.ts";
import { CodeBeakerError, messageOf } from "../../core/errors.ts";
import { DEFAULT_LIMITS, type LimitName } from "../../core/limits.ts";
import { NO_PERMISSIONS } from "../../core/permissions.ts";
import { Probe } from "../../system/probe.ts";
import type { Assessment, ExecutionEnvironment, ExecutionRuntime, RuntimeConfig, RuntimeHost } from "../runtime.ts";
import bootSource from "./boot.js" with { type: "text" };
import { DenoEnvironment } from "./deno_environment.ts";
import { DENO_FACTS } from "./facts.ts";
import type { DenoInstallation } from "./installation.ts";
import { whyNotFlags } from "./permission_flags.ts";

const PROBE = { ttlMs: 30_000, failureTtlMs: 1_000, timeoutMs: 2_000 };

/** The releases whose flags and defaults this runtime was tried with: 2.9 and later ones of 2. */
const OLDEST_MINOR = 9;

const LEVEL_WITH_PERMISSIONS = 7;
const LEVEL_WITHOUT_KERNEL_LIMITS = 6;

/** Bounds that hold on every platform: Deno starts no process, and the service itself keeps time and counts output. */
const OWN_LIMITS: readonly LimitName[] = ["timeoutMs", "maxOutputBytes", "maxTotalOutputBytes", "maxProcesses"];

/** The runtime for one host. */
export function createDenoRuntime(host: RuntimeHost): ExecutionRuntime {
  return new DenoRuntime(host);
}

class DenoRuntime implements ExecutionRuntime {
  readonly name = DENO_FACTS.name;
  readonly type = DENO_FACTS.type;
  readonly supportedEnvironments = DENO_FACTS.supportedEnvironments;
  readonly #host: RuntimeHost;
  readonly #probe: Probe;
  #installation: Promise<DenoInstallation> | undefined;

  constructor(host: RuntimeHost) {
    this.#host = host;
    this.#probe = new Probe((signal) => this.#tryProgram(signal).catch(explainFailure), PROBE);
  }

  isAvailable(): Promise<Availability> {
    return this.#probe.answer();
  }

  getCapabilities(): RuntimeCapabilities {
    return DENO_FACTS.capabilities;
  }

  assess({ permissions }: RuntimeConfig): Promise<Assessment> {
    const { confinement } = this.#host;
    const cannotHonour = this.#whyNot(permissions);
    return Promise.resolve({
      isolation: {
        level: Deno.build.os === "linux" ? LEVEL_WITH_PERMISSIONS : LEVEL_WITHOUT_KERNEL_LIMITS,
        layers: ["permissions", ...confinement.layers],
        limits: [...OWN_LIMITS, ...confinement.limits],
      },
      ...(cannotHonour === undefined ? {} : { cannotHonour }),
    });
  }

  async createEnvironment(config: RuntimeConfig): Promise<ExecutionEnvironment> {
    this.#installation ??= this.#install().catch((cause: unknown) => {
      this.#installation = undefined; // It is tried again: what was in the way may be gone by then.
      throw cause;
    });
    return DenoEnvironment.create(await this.#installation, config);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #whyNot(permissions: RuntimeConfig["permissions"]): string | undefined {
    if (permissions.allowRun) {
      return "a program that may start others has all they can do, and no layer of the operating system confines them";
    }
    if (permissions.allowNet !== false && !this.#host.confinement.canKeepToIpv4) {
      return "private networks over IPv6 and abstract sockets cannot be kept out here (setpriv of util-linux 2.41 could)";
    }
    return whyNotFlags(permissions);
  }

  async #install(): Promise<DenoInstallation> {
    const { scratchDirectory } = this.#host;
    if (scratchDirectory === undefined) {
      throw new CodeBeakerError("runtime_unavailable", "no temporary directory can be made here");
    }
    const bootPath = join(scratchDirectory, "deno_boot.js");
    try {
      await Deno.writeTextFile(bootPath, withoutComments(bootSource));
    } catch (cause) {
      throw new CodeBeakerError("runtime_unavailable", `Cannot prepare to run programs: ${messageOf(cause)}`, {
        cause,
      });
    }
    return { ...this.#host, scratchDirectory, bootPath, ...parseSettings(this.#host.settings["deno"]) };
  }

  async #tryProgram(signal: AbortSignal): Promise<void> {
    const config: RuntimeConfig = {
      environment: "typescript",
      environmentVariables: {},
      resourceLimits: { ...DEFAULT_LIMITS, timeoutMs: PROBE.timeoutMs },
      permissions: NO_PERMISSIONS,
      minIsolation: 0,
    };
    await using environment = await this.createEnvironment(config);
    await environment.files.write("main.ts", new TextEncoder().encode("console.log(Deno.version.deno)"));
    const run = await environment.run({ kind: "file", path: "main.ts", args: [] }, {
      env: {},
      limits: config.resourceLimits,
      signal,
    });
    let version = "";
    const decoder = new TextDecoder();
    for await (const { stream, bytes } of run.output) {
      if (stream === "stdout") version += decoder.decode(bytes, { stream: true });
    }
    const [major, minor] = version.trim().split(".").map(Number);
    if (major === 2 && minor !== undefined && minor >= OLDEST_MINOR) return;
    throw new Error(`Deno 2.${OLDEST_MINOR} or a later 2 is needed: found ${JSON.stringify(version.trim())}`);
  }
}

function explainFailure(error: unknown): never {
  if (!(error instanceof Deno.errors.NotCapable)) throw error;
  throw new Error(`the service needs --allow-all to start and confine programs (${error.message})`, { cause: error });
}

/** Deno looks for pragmas in comments, which costs every start 0.4 ms. */
function withoutComments(source: string): string {
  return source.replaceAll(/^\/\*\*.*?\*\/$/gms, "");
}

/** Where npm's packages are when nothing else is said. */
const NPM_REGISTRY = "https://registry.npmjs.org/";

/**
 * The configured `binary` and `npmRegistry`. In a compiled service `execPath` is the service itself, which runs no programs:
 * Deno is then the one on `PATH`.
 */
function parseSettings(settings: unknown): Pick<DenoInstallation, "binary" | "npmRegistry"> {
  const given: { readonly binary?: unknown; readonly npmRegistry?: unknown } =
    typeof settings === "object" && settings !== null ? settings : {};
  const { binary, npmRegistry } = given;
  return {
    binary: typeof binary === "string" ? binary : Deno.build.standalone ? "deno" : Deno.execPath(),
    npmRegistry: typeof npmRegistry === "string" ? npmRegistry.replace(/\/*$/, "/") : NPM_REGISTRY,
  };
}
