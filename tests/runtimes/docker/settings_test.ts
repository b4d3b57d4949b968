import { assert, assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { ENVIRONMENTS } from "../../../src/runtimes/docker/images/environments.ts";
import { dockerFacts } from "../../../src/runtimes/docker/facts.ts";
import { type DockerSettings, parseSettings } from "../../../src/runtimes/docker/settings.ts";

const BASE = { host: "unix:///var/run/docker.sock", pull: "missing", environments: {} };

function parse(given: Record<string, unknown> = {}): DockerSettings {
  return parseSettings({ ...BASE, ...given });
}

/** Where the settings are said to be off, and what the message says. */
function refusal(given: unknown): { readonly paths: readonly string[]; readonly message: string } {
  const error = assertThrows(() => parseSettings(given), CodeBeakerError);
  assertEquals(error.code, "invalid_request");
  return { paths: (error.details.errors ?? []).map(({ path }) => path), message: error.message };
}

Deno.test("parseSettings() gives what is built in where nothing is configured", () => {
  assertEquals(parse(), {
    host: "unix:///var/run/docker.sock",
    certPath: undefined,
    pull: "missing",
    environments: ENVIRONMENTS,
    configured: new Set<string>(),
  });
  assertEquals(parse({ certPath: "/certs" }).certPath, "/certs");
  for (const pull of ["missing", "never", "always"] as const) assertEquals(parse({ pull }).pull, pull);
});

Deno.test("parseSettings() maps what is built in to another image alone, and leaves the rest of it", () => {
  const { environments, configured } = parse({ environments: { python: { image: "mine:1" }, go: { image: "go:1" } } });
  assertEquals(
    environments,
    {
      ...ENVIRONMENTS,
      python: { ...ENVIRONMENTS["python"], image: "mine:1" },
      go: { ...ENVIRONMENTS["go"], image: "go:1" },
    } as typeof environments,
  );
  assertEquals([...configured], ["python", "go"]);
});

Deno.test("parseSettings() takes each field of a mapping in place of the built-in one, and variables beside them", () => {
  const { python, bash } = parse({
    environments: {
      python: { image: "mine:1", file: "app.py", run: ["pypy", "{file}"], env: { PYTHONUNBUFFERED: "0", EXTRA: "1" } },
      bash: { image: "bash:5", env: { A: "1" } },
    },
  }).environments;
  assertEquals(python, {
    image: "mine:1",
    file: "app.py",
    run: ["pypy", "{file}"],
    install: ENVIRONMENTS["python"]?.install ?? [],
    env: { ...ENVIRONMENTS["python"]?.env, PYTHONUNBUFFERED: "0", EXTRA: "1" },
  });
  assertEquals(bash?.env, { A: "1" });
  assertEquals(bash?.run, ["bash", "{file}"]);
});

Deno.test("parseSettings() compiles only for the command line that comes with it", () => {
  const compile = ["make", "{file}"];
  const run = ["/build/out"];
  const { environments } = parse({
    environments: {
      csharp: { image: "sdk", run },
      go: { image: "go", run, compile },
      bash: { image: "bash", compile },
      zig: { image: "zig", file: "main.zig", run, compile },
    },
  });
  assertEquals(environments["csharp"]?.compile, undefined);
  assert(!("compile" in (environments["csharp"] ?? {})));
  assertEquals(environments["go"]?.compile, compile);
  assertEquals(environments["bash"]?.compile, compile);
  assertEquals(environments["zig"], { image: "zig", file: "main.zig", run, compile, env: {} });
});

Deno.test("parseSettings() takes an installer in place of the built-in one, and for what is not built in", () => {
  const install = ["uv", "{packages}"];
  const { environments } = parse({
    environments: {
      python: { image: "mine:1", install },
      bash: { image: "bash:5" },
      ruby: { image: "ruby:3", file: "main.rb", run: ["ruby", "{file}"], install },
    },
  });
  assertEquals(environments["python"]?.install, install);
  assert(!("install" in (environments["bash"] ?? {})));
  assertEquals(environments["ruby"]?.install, install);
});

Deno.test("parseSettings() wants a file and a command line of an environment that is not built in", () => {
  const whole = { image: "ruby:3", file: "main.rb", run: ["ruby", "{file}"] };
  const { environments, configured } = parse({ environments: { ruby: whole } });
  assertEquals(environments["ruby"], { ...whole, env: {} });
  assertEquals([...configured], ["ruby"]);
  for (const name of ["file", "run"] as const) {
    const { [name]: _, ...lacking } = whole;
    const { paths, message } = refusal({ ...BASE, environments: { ruby: lacking } });
    assertEquals(paths, [name]);
    assert(message.startsWith('Cannot read the settings of Docker, environment "ruby": '), message);
  }
});

Deno.test("parseSettings() says where something is off", () => {
  const mapped = (given: unknown) => ({ ...BASE, environments: { python: given } });
  const table: [unknown, string[]][] = [
    [{ ...BASE, host: "" }, ["host"]],
    [{ ...BASE, certPath: 1 }, ["certPath"]],
    [mapped({}), ["environments.python.image"]],
    [mapped({ image: "" }), ["environments.python.image"]],
    [mapped({ image: "a", run: [] }), ["environments.python.run"]],
    [mapped({ image: "a", run: ["a", ""] }), ["environments.python.run[1]"]],
    [mapped({ image: "a", compile: [] }), ["environments.python.compile"]],
    [mapped({ image: "a", install: [] }), ["environments.python.install"]],
    [mapped({ image: "a", install: ["pip", "install"] }), ["environments.python.install"]],
    [mapped({ image: "a", install: ["pip", "x{packages}"] }), ["environments.python.install"]],
    [mapped({ image: "a", run: "python" }), ["environments.python.run"]],
    [mapped({ image: "a", file: "" }), ["environments.python.file"]],
    [mapped({ image: "a", file: "a/b.py" }), ["environments.python.file"]],
    [mapped({ image: "a", file: "main.py\n" }), ["environments.python.file"]],
    [mapped({ image: "a", env: { A: 1 } }), ["environments.python.env.A"]],
    [mapped("python:3"), ["environments.python"]],
    [{ host: "unix:///s", environments: {} }, ["pull"]],
    [{ host: "unix:///s", pull: "never" }, ["environments"]],
    [undefined, [""]],
  ];
  for (const [given, paths] of table) assertEquals(refusal(given).paths, paths, JSON.stringify(given));
});

Deno.test("parseSettings() names the nearest of what it knows", () => {
  const table: [Record<string, unknown>, string, string][] = [
    [{ sertPath: "/c" }, "sertPath", 'Unknown field "sertPath", did you mean "certPath"?'],
    [{ pull: "allways" }, "pull", 'Unknown value "allways", did you mean "always"?'],
    [{ pull: "zzz" }, "pull", 'Unknown value "zzz" (known: missing, never, always)'],
    [
      { environments: { python: { image: "a", comand: [] } } },
      "environments.python.comand",
      'Unknown field "comand"',
    ],
    [
      { environments: { python: { image: "a", compil: [] } } },
      "environments.python.compil",
      'Unknown field "compil", did you mean "compile"?',
    ],
  ];
  for (const [given, path, says] of table) {
    const { paths, message } = refusal({ ...BASE, ...given });
    assertEquals(paths, [path]);
    assert(message.includes(says), message);
  }
});

Deno.test("parseSettings() takes the names that a request can ask for, and no others", () => {
  const whole = { image: "i", file: "f", run: ["r"] };
  for (const name of ["r", "c++", "f#", "python3.9", "my-lang_2", "a".repeat(64)]) {
    assert(parse({ environments: { [name]: whole } }).configured.has(name), name);
  }
  for (const name of ["", "Python", "2to3", "-x", "a b", "a/b", "a:b", "é", "a\n", "a".repeat(65), "__proto__"]) {
    assertThrows(
      () => parse({ environments: Object.fromEntries([[name, whole]]) }),
      CodeBeakerError,
      "Cannot read the settings of Docker: environments",
    );
  }
});

Deno.test("parseSettings() finds nothing on the prototype of an object", () => {
  const { paths } = refusal({ ...BASE, environments: { constructor: { image: "a" } } });
  assertEquals(paths, ["file", "run"]);
});

Deno.test("what is known of the runtime before it is loaded names every environment that is built in", () => {
  assertEquals(dockerFacts({ settings: {} }).supportedEnvironments, Object.keys(ENVIRONMENTS));
  const settings = { docker: { environments: { golang: {}, ruby: {} } } };
  assertEquals(dockerFacts({ settings }).supportedEnvironments, [...Object.keys(ENVIRONMENTS), "ruby"]);
});

Deno.test("parseSettings() takes the alias of an environment name for the name", () => {
  const { configured, environments } = parse({ environments: { golang: { image: "mine:1" } } });
  assertEquals([[...configured], environments["go"]?.image], [["go"], "mine:1"]);
});
