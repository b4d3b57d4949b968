import { assert, assertEquals, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { ENVIRONMENTS } from "../../../src/runtimes/docker/images/environments.ts";
import { dockerFacts } from "../../../src/runtimes/docker/facts.ts";
import { type DockerSettings, settingsOf } from "../../../src/runtimes/docker/settings.ts";

/** The settings by their names, and environments in short. */
function parse({ environments, ...given }: Record<string, unknown> = {}): DockerSettings {
  return settingsOf({ settings: { docker: { ...given, dockerEnvironments: environments } } });
}

/** Where the settings are said to be off, and what the message says. */
function refusal(given: unknown): { readonly paths: readonly string[]; readonly message: string } {
  const error = assertThrows(() => settingsOf({ settings: { docker: given } }), CodeBeakerError);
  assertEquals(error.code, "invalid_request");
  return { paths: (error.details.errors ?? []).map(({ path }) => path), message: error.message };
}

Deno.test("settingsOf() gives what is built in where nothing is configured", () => {
  assertEquals(parse(), {
    host: "unix:///var/run/docker.sock",
    certPath: undefined,
    pull: "missing",
    environments: ENVIRONMENTS,
    configured: new Set<string>(),
  });
  assertEquals(settingsOf({ settings: {} }), parse());
  assertEquals(parse({ dockerCertPath: "/certs" }).certPath, "/certs");
  for (const pull of ["missing", "never", "always"] as const) {
    assertEquals(parse({ dockerPull: pull }).pull, pull);
  }
});

Deno.test("settingsOf() maps what is built in to another image alone, and leaves the rest of it", () => {
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

Deno.test("settingsOf() takes each field of a mapping in place of the built-in one, and variables beside them", () => {
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

Deno.test("settingsOf() compiles only for the command line that comes with it", () => {
  const compile = ["make", "{file}"];
  const run = ["/build/out"];
  const { environments } = parse({
    environments: {
      csharp: { image: "sdk", run: ["csx", "{file}"] },
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

Deno.test("settingsOf() takes an installer in place of the built-in one, and for what is not built in", () => {
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

Deno.test("settingsOf() wants a file and a command line of an environment that is not built in", () => {
  const whole = { image: "ruby:3", file: "main.rb", run: ["ruby", "{file}"] };
  const { environments, configured } = parse({ environments: { ruby: whole } });
  assertEquals(environments["ruby"], { ...whole, env: {} });
  assertEquals([...configured], ["ruby"]);
  for (const name of ["file", "run"] as const) {
    const { [name]: _, ...lacking } = whole;
    const { paths, message } = refusal({ dockerEnvironments: { ruby: lacking } });
    assertEquals(paths, [`dockerEnvironments.ruby.${name}`]);
    assert(message.startsWith("Cannot read the settings of docker: dockerEnvironments.ruby."), message);
  }
});

Deno.test("settingsOf() leaves a command line its own braces, and its own way to find the program", () => {
  const lines: readonly (readonly string[])[] = [
    ["ruby", "main.rb"],
    ["dotnet", "{output}/main.dll", "--flag"],
    ["awk", "{print}", "{file}"],
    ["sh", "-c", 'for files in *.rb; do ruby "${files}"; done'],
  ];
  for (const run of lines) {
    const { environments } = parse({ environments: { ruby: { image: "ruby", file: "main.rb", run } } });
    assertEquals(environments["ruby"]?.run, run);
  }
});

Deno.test("settingsOf() refuses a misspelt placeholder, which is nearly one that there is", () => {
  for (const [given, meant] of [["{fil}", "{file}"], ["x/{flie}", "{file}"], ["{outptu}/main", "{output}"]] as const) {
    const { paths, message } = refusal({ dockerEnvironments: { go: { image: "a", run: ["r", given] } } });
    assertEquals(paths, ["dockerEnvironments.go.run"]);
    assert(message.includes(`did you mean ${meant}?`), message);
  }
});

Deno.test("settingsOf() says where something is off", () => {
  const mapped = (given: unknown) => ({ dockerEnvironments: { python: given } });
  const table: [unknown, string[]][] = [
    [{ dockerHost: "" }, ["dockerHost"]],
    [{ dockerCertPath: 1 }, ["dockerCertPath"]],
    [{ dockerCertPath: "certs" }, ["dockerCertPath"]],
    [mapped({}), ["dockerEnvironments.python.image"]],
    [mapped({ image: "" }), ["dockerEnvironments.python.image"]],
    [mapped({ image: "a", run: [] }), ["dockerEnvironments.python.run"]],
    [mapped({ image: "a", run: ["{file}", ""] }), ["dockerEnvironments.python.run[1]"]],
    [mapped({ image: "a", compile: [] }), ["dockerEnvironments.python.compile"]],
    [mapped({ image: "a", install: [] }), ["dockerEnvironments.python.install"]],
    [mapped({ image: "a", install: ["pip", "install"] }), ["dockerEnvironments.python.install"]],
    [mapped({ image: "a", install: ["pip", "x{packages}"] }), ["dockerEnvironments.python.install"]],
    [mapped({ image: "a", run: "python" }), ["dockerEnvironments.python.run"]],
    [mapped({ image: "a", file: "" }), ["dockerEnvironments.python.file"]],
    [mapped({ image: "a", file: "a/b.py" }), ["dockerEnvironments.python.file"]],
    [mapped({ image: "a", file: "main.py\n" }), ["dockerEnvironments.python.file"]],
    [mapped({ image: "a", env: { A: 1 } }), ["dockerEnvironments.python.env.A"]],
    [mapped("python:3"), ["dockerEnvironments.python"]],
    [{ dockerEnvironments: [] }, ["dockerEnvironments"]],
    [{ dockerEnvironments: "{" }, ["dockerEnvironments"]],
    ["docker", [""]],
  ];
  for (const [given, paths] of table) assertEquals(refusal(given).paths, paths, JSON.stringify(given));
});

Deno.test("settingsOf() names the nearest of what it knows", () => {
  const table: [Record<string, unknown>, string, string][] = [
    [{ dockerSertPath: "/c" }, "dockerSertPath", 'Unknown field "dockerSertPath", did you mean "dockerCertPath"?'],
    [{ dockerPull: "allways" }, "dockerPull", 'Unknown value "allways", did you mean "always"?'],
    [{ dockerPull: "zzz" }, "dockerPull", 'Unknown value "zzz" (known: missing, never, always)'],
    [
      { dockerEnvironments: { python: { image: "a", comand: [] } } },
      "dockerEnvironments.python.comand",
      'Unknown field "comand"',
    ],
    [
      { dockerEnvironments: { python: { image: "a", compil: [] } } },
      "dockerEnvironments.python.compil",
      'Unknown field "compil", did you mean "compile"?',
    ],
  ];
  for (const [given, path, says] of table) {
    const { paths, message } = refusal(given);
    assertEquals(paths, [path]);
    assert(message.includes(says), message);
  }
});

Deno.test("settingsOf() takes the names that a request can ask for, and no others", () => {
  const whole = { image: "i", file: "f", run: ["r", "{file}"] };
  for (const name of ["r", "d++", "f#", "python3.9", "my-lang_2", "a".repeat(64)]) {
    assert(parse({ environments: { [name]: whole } }).configured.has(name), name);
  }
  for (const name of ["", "Python", "2to3", "-x", "a b", "a/b", "a:b", "é", "a\n", "a".repeat(65), "__proto__"]) {
    assertThrows(
      () => parse({ environments: Object.fromEntries([[name, whole]]) }),
      CodeBeakerError,
      "Cannot read the settings of docker: dockerEnvironments",
    );
  }
});

Deno.test("settingsOf() finds nothing on the prototype of an object", () => {
  const { paths } = refusal({ dockerEnvironments: { constructor: { image: "a" } } });
  assertEquals(paths, ["dockerEnvironments.constructor.file", "dockerEnvironments.constructor.run"]);
});

Deno.test("what is known of the runtime before it is loaded names every environment that is built in", () => {
  assertEquals(dockerFacts({ settings: {} }).supportedEnvironments, Object.keys(ENVIRONMENTS));
  const ruby = { image: "ruby:3", file: "main.rb", run: ["ruby", "{file}"] };
  const settings = { docker: { dockerEnvironments: { golang: { image: "mine:1" }, ruby } } };
  assertEquals(dockerFacts({ settings }).supportedEnvironments, [...Object.keys(ENVIRONMENTS), "ruby"]);
  assertEquals(dockerFacts({ settings }).contextEnvironments, ["python"]);
});

Deno.test("settingsOf() takes the alias of an environment name for the name", () => {
  const { configured, environments } = parse({ environments: { golang: { image: "mine:1" } } });
  assertEquals([[...configured], environments["go"]?.image], [["go"], "mine:1"]);
});
