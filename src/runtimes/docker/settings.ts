import { join } from "@std/path";
import { z } from "zod";
import { canonicalLanguage } from "../../core/languages.ts";
import { oneOf, strictObject } from "../../core/parsing/validation.ts";
import { absolutePath, jsonOf } from "../../core/parsing/written_schemas.ts";
import { type ReadVariable, settingsOfPart, type SettingTable } from "../../core/settings.ts";
import { LANGUAGE_FIELDS, languagesSchema, withConfigured } from "../languages/settings.ts";
import type { RuntimeHost } from "../port.ts";
import { ENVIRONMENTS, type EnvironmentSpec } from "./images/environments.ts";

/** The runtime's name on the wire. */
export const RUNTIME_NAME = "docker";

/** When an image is pulled. `missing`: when it is not here; `always`: at its first use after each start. */
const PULL_POLICIES = ["missing", "never", "always"] as const;

const environmentSchema = strictObject({
  image: z.string().min(1),
  ...LANGUAGE_FIELDS,
  install: z.array(z.string().min(1)).refine(
    (line) => line.includes("{packages}"),
    'One of the words is "{packages}"',
  ).optional(),
});

/**
 * The schema of configured environments. A built-in one needs only its image; a new one also its file and command line.
 */
const environmentsSchema = languagesSchema(environmentSchema, {
  builtIn: ENVIRONMENTS,
  needs: ["file", "run"],
  placeholders: ["{file}", "{output}"],
  what: "An environment",
});

/** This runtime's settings. */
export const SETTINGS = {
  dockerHost: {
    schema: z.string().min(1),
    default: (read: ReadVariable) => read("DOCKER_HOST") ?? "unix:///var/run/docker.sock",
    shown: "DOCKER_HOST, or unix:///var/run/docker.sock",
    help: "where the Docker Engine listens: unix://path or tcp://host:port",
  },
  dockerCertPath: {
    schema: absolutePath,
    default: readCertPath,
    shown: "DOCKER_CERT_PATH, where DOCKER_TLS_VERIFY is set",
    help: "directory with ca.pem, cert.pem and key.pem for an Engine behind TLS",
  },
  dockerPull: {
    schema: oneOf(PULL_POLICIES),
    default: "missing",
    help: "when images are pulled: missing, never, always (once after each start)",
  },
  dockerEnvironments: {
    schema: jsonOf(environmentsSchema),
    default: {},
    shown: "the official images",
    help:
      'images by environment name, as JSON: {"ruby": {"image": "ruby:3", "file": "main.rb", "run": ["ruby", "{file}"]}}',
  },
} as const satisfies SettingTable;

/** This runtime's settings, with every environment complete. */
export interface DockerSettings {
  /** Where the Engine listens, as `DOCKER_HOST` has it. */
  readonly host: string;
  /** The directory with `ca.pem`, `cert.pem` and `key.pem`, for an Engine behind TLS. */
  readonly certPath: string | undefined;
  readonly pull: typeof PULL_POLICIES[number];
  /** By environment name; a configured one replaces the built-in one. */
  readonly environments: Readonly<Record<string, EnvironmentSpec>>;
  /** The environment names with a configured image: no other image replaces that. */
  readonly configured: ReadonlySet<string>;
}

/**
 * The settings that a host has for this runtime.
 *
 * @throws {CodeBeakerError} `invalid_request` that names the setting
 */
export function settingsOf({ settings }: Pick<RuntimeHost, "settings">): DockerSettings {
  const { dockerHost, dockerCertPath, dockerPull, dockerEnvironments } = settingsOfPart(SETTINGS, {
    name: RUNTIME_NAME,
    settings,
  });
  return {
    host: dockerHost,
    certPath: dockerCertPath,
    pull: dockerPull,
    environments: withConfigured<EnvironmentSpec, EnvironmentSettings>(ENVIRONMENTS, dockerEnvironments, { complete }),
    configured: new Set(Object.keys(dockerEnvironments).map(canonicalLanguage)),
  };
}

type EnvironmentSettings = z.output<typeof environmentSchema>;

/**
 * Completes a configured environment from the built-in one. If it has a command line of its own, the built-in compiler,
 * warm interpreter and contexts do not apply.
 */
function complete(known: EnvironmentSpec | undefined, given: EnvironmentSettings): EnvironmentSpec {
  const { image, file = known?.file ?? "", run = known?.run ?? [], install = known?.install } = given;
  const replaced = given.run === undefined ? known : undefined;
  const compile = given.compile ?? replaced?.compile;
  return {
    image,
    file,
    run,
    ...(compile === undefined ? {} : { compile }),
    ...(compile === undefined || known?.sources === undefined ? {} : { sources: known.sources }),
    ...(replaced?.warmInterpreter === undefined ? {} : { warmInterpreter: replaced.warmInterpreter }),
    ...(install === undefined ? {} : { install }),
    ...(replaced?.interpreter === undefined ? {} : { interpreter: replaced.interpreter }),
    env: { ...known?.env, ...given.env },
  };
}

/**
 * Reads the directory of certificates. As with Docker's own tools, there is one only where `DOCKER_TLS_VERIFY` is set.
 */
function readCertPath(read: ReadVariable): string | undefined {
  if (read("DOCKER_TLS_VERIFY") === undefined) return undefined;
  const home = read("HOME");
  return read("DOCKER_CERT_PATH") ?? (home === undefined ? undefined : join(home, ".docker"));
}
