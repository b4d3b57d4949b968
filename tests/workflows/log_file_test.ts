import { assertEquals, assertStringIncludes } from "@std/assert";
import { PROJECT, startServiceProcess } from "../support/service_process.ts";
import { until } from "../support/until.ts";
import { NOTHING_RUNS, withoutProjectVariables } from "../support/variables.ts";

Deno.test("--log-file takes the log in place of stderr, with reports that systemd does not get, and SIGHUP opens it anew", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/service.log`;
    const eventsIn = async (file: string) =>
      (await Deno.readTextFile(file)).trim().split("\n").map((line) => JSON.parse(line).message);
    {
      const variables = { ...NOTHING_RUNS, NOTIFY_SOCKET: "/absent/notify" };
      await using service = await startServiceProcess(["--log-file", path], variables, { mayLackRuntimes: true });
      const state = `READY=1\nSTATUS=CodeBeaker listens on ${service.url}, no runtime is available`;
      await until(async () => {
        const lines = (await Deno.readTextFile(path)).split("\n").filter((line) => line.endsWith("}"));
        const facts = lines.map((line) => JSON.parse(line).properties);
        return facts.some(({ manager, state: reported }) => manager === "/absent/notify" && reported === state);
      }, "the manager that does not listen is logged");
      await (await fetch(`${service.url}/v1/nothing`)).body?.cancel();
      await until(async () => (await Deno.readTextFile(path)).includes("/v1/nothing"), "the request is logged");
      await Deno.rename(path, `${path}.1`);
      service.process.kill("SIGHUP");
      await until(() => Deno.stat(path).then(() => true, () => false), "there is another file");
      await until(async () => (await Deno.readTextFile(path)).includes("log.reopened"), "the log says so");
      await (await fetch(`${service.url}/v1/nothing-else`)).body?.cancel();
      await until(async () => (await Deno.readTextFile(path)).includes("/v1/nothing-else"), "it goes on there");
      service.process.kill("SIGTERM");
      assertEquals((await service.process.status).code, 0);
      assertEquals(service.log(), "");
    }
    assertStringIncludes(await Deno.readTextFile(`${path}.1`), "/v1/nothing");
    assertEquals((await eventsIn(path))[0], "log.reopened");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("SIGHUP before the log runs ends no service with a log file", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const [config, logFile, pidFile] = [`${directory}/config`, `${directory}/service.log`, `${directory}/pid`];
    await new Deno.Command("mkfifo", { args: [config] }).output();
    const through = ["/bin/sh", "-c", `echo $$ > ${pidFile}; exec "$@"`, "sh"];
    const starting = startServiceProcess(["--config", config], NOTHING_RUNS, { mayLackRuntimes: true, through });
    const hold = await Deno.open(config, { write: true }); // Opens when the service reads, which then waits.
    Deno.kill(Number(await Deno.readTextFile(pidFile)), "SIGHUP");
    await hold.write(new TextEncoder().encode(JSON.stringify({ logFile })));
    hold.close();
    await using _service = await starting;
    await until(async () => (await Deno.readTextFile(logFile)).includes("log.reopened"), "the signal has its effect");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("deno serve says in one line that a log file cannot be opened, and exits with 2", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["serve", "--no-prompt", "--allow-all", "--port", "0", "main.ts"],
    cwd: PROJECT,
    clearEnv: true,
    env: { ...withoutProjectVariables(), CODEBEAKER_LOG_FILE: "/absent/service.log" },
  }).output();
  const [line, ...more] = new TextDecoder().decode(stderr).trim().split("\n");
  assertStringIncludes(line ?? "", "codebeaker: Cannot open the log file (logFile)");
  assertEquals([code, more], [2, []]);
});
