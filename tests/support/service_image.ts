import { assertEquals } from "@std/assert";
import { makeImageContext } from "../../packaging/image/make_context.ts";
import { DOCKER_HOST, openEngine } from "./docker.ts";

/** Builds the image on a local image of this Engine, as no registry is asked. */
export async function buildImage(tag: string): Promise<void> {
  const [base] = await openEngine().listImages({ filters: { reference: ["codebeaker/typescript"] } });
  const directory = await Deno.makeTempDir();
  try {
    await makeImageContext(directory);
    const buildArguments = ["--build-arg", `BASE=${base?.RepoTags?.[0]}`, "--build-arg", "PACKAGES="];
    await callTool("docker", ["build", "--quiet", "--tag", tag, ...buildArguments, directory], {
      DOCKER_HOST,
      DOCKER_BUILDKIT: "0", // The builder of every Engine, which needs no plugin.
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Runs a tool to its end, which has to be a success; returns its output. */
export async function callTool(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const { success, stderr, stdout } = await new Deno.Command(file, { args: [...args], env: { ...env } }).output();
  assertEquals(success, true, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}
