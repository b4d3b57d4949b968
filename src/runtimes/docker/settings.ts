import { z } from "zod";
import { canonicalLanguage } from "../../core/languages.ts";
import { oneOf, parseAs, strictObject } from "../../core/parsing/validation.ts";
import { ENVIRONMENTS, type EnvironmentSpec } from "./images/environments.ts";

/** When an image is pulled: when it is not here, never, or at its first use after each start. */
const PULL_POLICIES = ["missing", "never", "always"] as const;

/** What the operator decides about this runtime. */
export interface DockerSettings {
  /** Where the Engine listens, as `DOCKER_HOST` says it. */
  readonly host: string;
  /** The directory with `ca.pem`, `cert.pem` and `key.pem`, for an Engine behind TLS. */
  readonly certPath: string | undefined;
  readonly pull: typeof PULL_POLICIES[number];
  /** By environment name; what is configured stands in place of what is built in. */
  readonly environments: Readonly<Record<string, EnvironmentSpec>>;
  /** The environment names whose image the configuration names: nothing else stands in for it. */
  readonly configured: ReadonlySet<string>;
}

const words = z.array(z.string().min(1)).min(1);

const settingsSchema = strictObject({
  host: z.string().min(1),
  certPath: z.string().optional(),
  pull: oneOf(PULL_POLICIES),
  environments: z.record(
    z.string().regex(/^[a-z][a-z0-9_+#.-]{0,63}$/),
    strictObject({
      image: z.string().min(1),
      file: z.string().regex(/^[A-Za-z0-9_.-]+$/).optional(),
      compile: words.optional(),
      run: words.optional(),
      install: z.array(z.string().min(1)).refine(
        (line) => line.includes("{packages}"),
        'One of the words is "{packages}"',
      ).optional(),
      env: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

/** @throws {CodeBeakerError} `invalid_request` that names what is off */
export function parseSettings(value: unknown): DockerSettings {
  const { host, certPath, pull, environments } = parseAs(settingsSchema, value, { what: "the settings of Docker" });
  const configured = Object.entries(environments).map(([given, spec]) => {
    const name = canonicalLanguage(given);
    return [name, complete(name, spec)] as const;
  });
  return {
    host,
    certPath,
    pull,
    environments: { ...ENVIRONMENTS, ...Object.fromEntries(configured) },
    configured: new Set(configured.map(([name]) => name)),
  };
}

/** An environment that is built in can be mapped to another image alone; a new one needs its file and command line. */
function complete(
  name: string,
  given: z.output<typeof settingsSchema>["environments"][string],
): EnvironmentSpec {
  const known = ENVIRONMENTS[name];
  const entire = parseAs(
    z.object({ image: z.string(), file: z.string(), run: words, compile: words.optional() }),
    { ...known, ...given },
    { what: `the settings of Docker, environment ${JSON.stringify(name)}` },
  );
  const { image, file, run } = entire;
  const compile = given.run === undefined ? entire.compile : given.compile;
  const waits = given.run === undefined ? known?.waits : undefined;
  const install = given.install ?? known?.install;
  const interpreter = given.run === undefined ? known?.interpreter : undefined;
  return {
    image,
    file,
    run,
    ...(compile === undefined ? {} : { compile }),
    ...(waits === undefined ? {} : { waits }),
    ...(install === undefined ? {} : { install }),
    ...(interpreter === undefined ? {} : { interpreter }),
    env: { ...known?.env, ...given.env },
  };
}
