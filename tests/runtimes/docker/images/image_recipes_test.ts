import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { CodeBeakerError } from "../../../../src/core/errors.ts";
import {
  bootstrapArguments,
  changesOf,
  hashOf,
  type ImageRecipe,
  RECIPES,
  recipesFor,
  tagsOf,
} from "../../../../src/runtimes/docker/images/image_recipes.ts";

const FACTS = { denoVersion: "2.9.6", architecture: "x86_64" };
const RECIPE: ImageRecipe = {
  environments: ["one", "two"],
  packages: ["python3"],
  leftOut: ["/usr/share/x/*"],
  hasDeno: true,
  script: "echo 'made'",
  command: ["python3"],
};

Deno.test("bootstrapArguments() names packages, what stays out, what goes in, and what is run", () => {
  const args = bootstrapArguments(RECIPE, { denoBinary: "/opt/my deno", tarPath: "/tmp/root.tar" });
  assertEquals(args.slice(0, 4), [
    "--mode=auto",
    "--variant=essential",
    "--skip=output/dev",
    "--include=python3",
  ]);
  const [hook = "", ...others] = args.filter((arg) => arg.startsWith("--extract-hook="));
  assertEquals(others, []);
  assertMatch(hook, /rm -rf "\$1"\/usr\/share\/doc\/\* .*"\$1"\/usr\/share\/x\/\* &&/);
  assertMatch(hook, /'path-exclude=\/usr\/share\/doc\/\*' .*'path-exclude=\/usr\/share\/x\/\*' >"\$1\/etc\/dpkg/);
  assertEquals(args.filter((arg) => arg.startsWith("--customize-hook=")).slice(0, 3), [
    "--customize-hook=upload '/opt/my deno' /usr/local/bin/deno",
    `--customize-hook=chroot "$1" sh -euc 'chmod 755 /usr/local/bin/deno'`,
    `--customize-hook=chroot "$1" sh -euc 'echo '\\''made'\\'''`,
  ]);
  assertEquals(args.slice(-2), ["trixie", "/tmp/root.tar"]);
});

Deno.test("bootstrapArguments() leaves no mirror's address in an image", () => {
  for (const recipe of RECIPES) {
    const last = bootstrapArguments(recipe, { denoBinary: "/deno", tarPath: "/t" }).at(-3) ?? "";
    assertStringIncludes(last, "rm -rf /etc/apt");
  }
});

Deno.test("bootstrapArguments() asks for no package beside the essential ones where there is none", () => {
  const args = bootstrapArguments({ environments: ["x"], packages: [], command: ["sh"] }, {
    denoBinary: "/deno",
    tarPath: "/t",
  });
  assertEquals(args.filter((arg) => /^--include|upload/.test(arg)), []);
});

Deno.test("changesOf() sets the path, the locale and the default command", () => {
  assertEquals(changesOf(RECIPE), [
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV LANG=C.UTF-8",
    'CMD ["python3"]',
  ]);
});

Deno.test("hashOf() is the same for the same ingredients, and another for every other one", async () => {
  const hash = await hashOf(RECIPE, FACTS);
  assertEquals(/^[0-9a-f]{12}$/.test(hash), true);
  assertEquals(await hashOf(structuredClone(RECIPE), { ...FACTS }), hash);
  const others: [ImageRecipe, typeof FACTS][] = [
    [{ ...RECIPE, packages: ["python3", "nodejs"] }, FACTS],
    [{ ...RECIPE, leftOut: [] }, FACTS],
    [{ ...RECIPE, hasDeno: false }, FACTS],
    [{ ...RECIPE, script: "echo 'other'" }, FACTS],
    [{ ...RECIPE, command: ["sh"] }, FACTS],
    [RECIPE, { ...FACTS, denoVersion: "2.9.7" }],
    [RECIPE, { ...FACTS, architecture: "aarch64" }],
  ];
  const hashes = await Promise.all(others.map(([recipe, facts]) => hashOf(recipe, facts)));
  assertEquals(new Set([hash, ...hashes]).size, others.length + 1);
});

Deno.test("hashOf() does not depend on Deno's version where no Deno goes in", async () => {
  const recipe = { ...RECIPE, hasDeno: false };
  assertEquals(await hashOf(recipe, { ...FACTS, denoVersion: "3" }), await hashOf(recipe, FACTS));
});

Deno.test("tagsOf() tags an image once for each environment name", async () => {
  const hash = await hashOf(RECIPE, FACTS);
  assertEquals(await tagsOf(RECIPE, FACTS), [`codebeaker/one:${hash}`, `codebeaker/two:${hash}`]);
});

Deno.test("recipesFor() finds every recipe once, also by an alias", () => {
  const names = (environments: string[]) => recipesFor(environments).map((recipe) => recipe.environments[0]);
  assertEquals(names([]).toSorted(), ["bash", "go", "node", "python", "typescript"]);
  assertEquals(names(["javascript", "ts", "golang"]), ["typescript", "go"]);
});

Deno.test("recipesFor() says why an image cannot be made", () => {
  const csharp = assertThrows(() => recipesFor(["csharp"]), CodeBeakerError, "Debian has no .NET SDK");
  assertEquals(csharp.code, "invalid_request");
  assertThrows(() => recipesFor(["pythn"]), CodeBeakerError, 'did you mean "python"?');
});
