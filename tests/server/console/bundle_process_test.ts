import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import project from "../../../deno.json" with { type: "json" };
import { PROJECT } from "../../support/service_process.ts";

const BUILT = "src/server/console/built";
const MAX_GZIPPED_BYTES = 250 * 1_024;

Deno.test("the committed bundle is what its task makes of the page's source, byte for byte", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const args = project.tasks.console.command.split(" ").slice(1)
      .map((argument) => argument === BUILT ? directory : argument);
    const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: PROJECT }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const [made, committed] = [namesIn(directory), namesIn(join(PROJECT, BUILT))];
    assertEquals(made, committed);
    for (const name of made) {
      const [fresh, kept] = [directory, join(PROJECT, BUILT)].map((folder) => Deno.readFileSync(join(folder, name)));
      const isCurrent = fresh?.length === kept?.length && fresh?.every((byte, index) => byte === kept?.[index]);
      assert(isCurrent, `${BUILT}/${name} is not current: run deno task console`);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("the page is at most 250 KB, gzipped", async () => {
  let bytes = 0;
  for (const name of namesIn(join(PROJECT, BUILT))) {
    const plain = new Blob([await Deno.readFile(join(PROJECT, BUILT, name))]);
    bytes += (await new Response(plain.stream().pipeThrough(new CompressionStream("gzip"))).bytes()).length;
  }
  assert(bytes <= MAX_GZIPPED_BYTES, `${bytes} bytes`);
});

function namesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).toSorted();
}
