import { assertEquals } from "@std/assert";
import { nameVariables } from "../../../src/sandbox/launchers/naming_shell.ts";

Deno.test("nameVariables() gives a program its variables alone, also those that a shell keeps to itself", async () => {
  const variables = { UID: "1", PPID: "2", OPTIND: "none", EMPTY: "", TEXT: "a\n\"$(id)' =" };
  const { env, launchers: [shell = "", ...rest] } = nameVariables(variables);
  const args = [...rest, "/usr/bin/env", "-0"];
  const { stdout } = await new Deno.Command(shell, { args, env, clearEnv: true }).output();
  const given = new TextDecoder().decode(stdout).split("\0").filter((text) =>
    !/^(PWD|OLDPWD|SHLVL|_|)(=|$)/.test(text)
  );
  assertEquals(given.toSorted(), Object.entries(variables).map(([name, value]) => `${name}=${value}`).toSorted());
});
