import { assertEquals } from "@std/assert";
import project from "../../deno.json" with { type: "json" };
import { runHere } from "../support/cli.ts";

Deno.test("codebeaker --version prints the version of the project alone", async () => {
  assertEquals(await runHere(["--version"]), { code: 0, stdout: `${project.version}\n`, stderr: "" });
});
