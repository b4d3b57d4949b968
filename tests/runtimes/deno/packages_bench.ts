import { assertEquals } from "@std/assert";
import type { Availability } from "../../../src/core/capabilities.ts";
import type { ProgramResult } from "../../../src/core/execution.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../src/core/limits.ts";
import { NO_PERMISSIONS, type PermissionSettings } from "../../../src/core/permissions/permissions.ts";
import { create as createDenoRuntime } from "../../../src/runtimes/deno/mod.ts";
import type { ExecutionEnvironment } from "../../../src/runtimes/port.ts";
import { configureEnvironment } from "../../support/configure_environment.ts";
import { openNpmRegistry, type PublishedPackage } from "../../support/npm_registry.ts";
import { testedAvailability } from "../../support/requirements.ts";
import { runCommand } from "../../support/run_command.ts";
import { openRuntimeHost } from "../../support/runtime_host.ts";

/** An environment whose packages come from a registry of the test's own. */
export interface PackagesBench extends AsyncDisposable {
  readonly environment: ExecutionEnvironment;
  readonly requests: string[];
  /** The registry, which a test may close. */
  readonly registry: AsyncDisposable;
  readonly scratchDirectory: string;
  install(packages: readonly string[], limits?: Partial<Limits>): Promise<ProgramResult>;
  run(code: string, language?: string): Promise<ProgramResult>;
}

/** What every bench runs on. */
const shared = await openRuntimeHost();
Deno.test.afterAll(async () => await shared[Symbol.asyncDispose]());

/** Whether there is anything to install packages for. */
export async function packagesAvailability(): Promise<Availability> {
  return await testedAvailability(createDenoRuntime(shared));
}

/** A bench whose registry holds these packages, on a host that it shares with the others. */
export async function openPackagesBench(
  packages: readonly PublishedPackage[],
  permissions: Partial<PermissionSettings> = {},
  limits: Partial<Limits> = {},
): Promise<PackagesBench> {
  await using opened = new AsyncDisposableStack();
  const registry = opened.use(await openNpmRegistry(packages));
  const host = { ...shared, settings: { deno: { npmRegistry: registry.url } } };
  const environment = opened.use(
    await createDenoRuntime(host).createEnvironment(
      configureEnvironment("typescript", {
        resourceLimits: { ...DEFAULT_LIMITS, ...limits },
        permissions: { ...NO_PERMISSIONS, ...permissions },
      }),
    ),
  );
  const owned = opened.move();
  const ask = async (command: unknown, lowered: Partial<Limits> = {}) =>
    await runCommand(environment, command, {
      limits: { ...DEFAULT_LIMITS, ...limits, ...lowered },
      mayInstall: true,
    }) as ProgramResult;
  return {
    environment,
    requests: registry.requests,
    registry,
    scratchDirectory: host.scratchDirectory ?? "",
    install: (names, limits) => ask({ type: "install_packages", packages: names }, limits),
    run: (code, language = "typescript") => ask({ type: "execute_code", code, language }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Asserts that a program ended by itself, and how. */
export function assertExited(result: ProgramResult, exitCode = 0): void {
  assertEquals([result.outcome, result.stderr], [{ kind: "exited", exitCode }, result.stderr]);
}
