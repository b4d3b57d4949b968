import { CodeBeakerError } from "../../../core/errors.ts";
import { canonicalLanguage } from "../../../core/languages.ts";
import { unknownName } from "../../../core/parsing/validation.ts";
import { GO_PACKAGES, prebuildScript } from "../../languages/go_build.ts";
import { GO_PREBUILT } from "./environments.ts";

/** The Debian release that the packages come from. */
const SUITE = "trixie";

/** The parts of one image, beside the essential packages of Debian. */
export interface ImageRecipe {
  /** The environment names whose programs run on it. */
  readonly environments: readonly [string, ...string[]];
  readonly packages: readonly string[];
  /** Patterns of paths to leave out beside {@link LEFT_OUT}; a `*` matches a `/` too. */
  readonly leftOut?: readonly string[];
  /** Whether the image gets a copy of the Deno that builds it. */
  readonly hasDeno?: boolean;
  /** A shell script that runs in the root file system after the packages are installed. */
  readonly script?: string;
  /** The default command of a container. */
  readonly command: readonly string[];
}

/** Properties of the machine that decide the content of an image. */
export interface BuildFacts {
  readonly denoVersion: string;
  readonly architecture: string;
}

/** Installs Debian's pip without the dependencies of `python3-pip`. Isolated (-I), it imports no installed package. */
const PIP_SCRIPT = `python3 -m zipfile -e /usr/share/python-wheels/pip-*.whl /usr/lib/python3/dist-packages
rm -rf /usr/share/python-wheels
python3 -m compileall -q /usr/lib/python3/dist-packages/pip
printf '%s\\n' '#!/usr/bin/python3 -I' 'import sys' 'from pip._internal.cli.main import main' 'sys.exit(main())' >/usr/local/bin/pip
chmod 755 /usr/local/bin/pip`;

/** The images that can be built without a registry. */
export const RECIPES: readonly ImageRecipe[] = [
  {
    environments: ["go"],
    packages: ["golang-go", "ca-certificates"],
    leftOut: [
      "/usr/share/go-*/api/*",
      "/usr/share/go-*/test/*",
      "/usr/share/go-*/src/cmd/*",
      "/usr/share/go-*/src/*_test.go",
      "/usr/share/go-*/src/*/testdata/*",
      "/usr/share/go-*/src/*.syso",
      ...["addr2line", "covdata", "dist", "distpack", "doc", "fix", "nm", "objdump", "pprof", "preprofile", "trace"]
        .map((tool) => `/usr/lib/go-*/pkg/tool/*/${tool}`),
    ],
    script: prebuildScript({ command: "go", prebuilt: GO_PREBUILT, packages: GO_PACKAGES, home: "/tmp" }),
    command: ["bash"],
  },
  {
    environments: ["python"],
    packages: ["python3", "python3-pip-whl", "ca-certificates"],
    script: PIP_SCRIPT,
    command: ["python3"],
  },
  { environments: ["typescript", "javascript"], packages: [], hasDeno: true, command: ["deno"] },
  { environments: ["node"], packages: ["nodejs", "ca-certificates"], command: ["node"] },
  { environments: ["bash", "sh"], packages: [], command: ["bash"] },
];

/** Paths to leave out of every image. */
const LEFT_OUT = [
  "/usr/share/doc/*",
  "/usr/share/info/*",
  "/usr/share/lintian/*",
  "/usr/share/locale/*",
  "/usr/share/man/*",
];

/** Removes the machine's mirrors and names, and set-uid bits. */
const CLEAN_UP = [
  "rm -rf /etc/apt /etc/hostname /etc/resolv.conf /var/cache/apt /var/cache/debconf /var/lib/apt /var/log/*",
  "find / -xdev -type f -perm /6000 -exec chmod a-s {} +",
].join("\n");

/** Why an environment name has no recipe. */
const NO_RECIPE: Readonly<Record<string, string>> = { csharp: "Debian has no .NET SDK" };

/** The recipes for environment names; for no names, all recipes. @throws {CodeBeakerError} `invalid_request` */
export function recipesFor(environments: readonly string[]): readonly ImageRecipe[] {
  if (environments.length === 0) return RECIPES;
  return [...new Set(environments.map((name) => recipeFor(canonicalLanguage(name))))];
}

function recipeFor(environment: string): ImageRecipe {
  const recipe = RECIPES.find(({ environments }) => environments.includes(environment));
  if (recipe !== undefined) return recipe;
  const buildable = RECIPES.flatMap(({ environments }) => environments);
  const why = Object.hasOwn(NO_RECIPE, environment)
    ? `${NO_RECIPE[environment]}: pull its official image: current value is ${JSON.stringify(environment)}`
    : `there is no recipe: current value is ${unknownName(environment, buildable)}`;
  throw new CodeBeakerError(
    "invalid_request",
    `Cannot build a local image (these can be built: ${buildable.join(", ")}) as ${why}`,
  );
}

/** The arguments of mmdebstrap(1) for an image. It writes the image's root file system to a tar file. */
export function bootstrapArguments(
  { packages, leftOut = [], hasDeno = false, script }: ImageRecipe,
  { denoBinary, tarPath }: { readonly denoBinary: string; readonly tarPath: string },
): string[] {
  return [
    "--mode=auto",
    "--variant=essential",
    "--skip=output/dev",
    ...(packages.length === 0 ? [] : [`--include=${packages.join(",")}`]),
    `--extract-hook=${leaveOut([...LEFT_OUT, ...leftOut])}`,
    ...(hasDeno
      ? [`--customize-hook=upload ${quote(denoBinary)} /usr/local/bin/deno`, inside("chmod 755 /usr/local/bin/deno")]
      : []),
    ...(script === undefined ? [] : [inside(script)]),
    inside(CLEAN_UP),
    SUITE,
    tarPath,
  ];
}

/** The settings that an import gives an image, as instructions of a Dockerfile. */
export function changesOf({ command }: ImageRecipe): string[] {
  return [
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV LANG=C.UTF-8",
    `CMD ${JSON.stringify(command)}`,
  ];
}

/** The tags of an image, `codebeaker/<environment>:<hash>`; it is imported under the first. */
export async function tagsOf(recipe: ImageRecipe, facts: BuildFacts): Promise<[string, ...string[]]> {
  const hash = await hashOf(recipe, facts);
  const [first, ...others] = recipe.environments;
  return [tagOf(first, hash), ...others.map((environment) => tagOf(environment, hash))];
}

/** A hash of everything that decides the content of an image, 12 hexadecimal digits. */
export async function hashOf(recipe: ImageRecipe, { denoVersion, architecture }: BuildFacts): Promise<string> {
  const ingredients = [
    architecture,
    bootstrapArguments(recipe, { denoBinary: `deno ${denoVersion}`, tarPath: "" }),
    changesOf(recipe),
  ];
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(ingredients)));
  return new Uint8Array(digest).toHex().slice(0, 12);
}

function tagOf(environment: string, hash: string): string {
  return `codebeaker/${environment}:${hash}`;
}

/**
 * A hook of mmdebstrap that keeps paths out of an image. It removes the files of essential packages there, and sets dpkg
 * to leave them out of every other package. The same patterns as options of mmdebstrap send each essential package
 * through a filter, which takes 6 s of processor time for each image.
 */
function leaveOut(patterns: readonly string[]): string {
  const settings = patterns.map((pattern) => `path-exclude=${pattern}`);
  const paths = patterns.map((pattern) => `"$1"${pattern}`);
  return `rm -rf ${paths.join(" ")} && printf '%s\\n' ${
    settings.map(quote).join(" ")
  } >"$1/etc/dpkg/dpkg.cfg.d/left_out"`;
}

/** A hook of mmdebstrap that runs a script in the root file system. */
function inside(script: string): string {
  return `--customize-hook=chroot "$1" sh -euc ${quote(script)}`;
}

/** Quotes a word for a shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
