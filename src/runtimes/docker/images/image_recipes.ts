import { CodeBeakerError } from "../../../core/errors.ts";
import { canonicalLanguage } from "../../../core/languages.ts";
import { unknownName } from "../../../core/parsing/validation.ts";
import { prebuildScript } from "./go_build.ts";

/** The Debian release that the packages come from. */
const SUITE = "trixie";

/** What one image is made of, beside the essential packages of Debian, which every one has. */
export interface ImageRecipe {
  /** The environment names whose programs run on it. */
  readonly environments: readonly [string, ...string[]];
  readonly packages: readonly string[];
  /** Patterns of paths that no package brings in, beside {@link LEFT_OUT}; a `*` matches a `/` too. */
  readonly leftOut?: readonly string[];
  /** Whether the Deno that builds the image goes into it. */
  readonly hasDeno?: boolean;
  /** A shell script that is run in the root file system at last. */
  readonly script?: string;
  /** The words of the command that a container runs by default. */
  readonly command: readonly string[];
}

/** What the machine brings into an image. */
export interface BuildFacts {
  readonly denoVersion: string;
  readonly architecture: string;
}

/** Debian's own pip without what Debian's `python3-pip` takes along; isolated, it never imports what it has just installed. */
const PIP_SCRIPT = `python3 -m zipfile -e /usr/share/python-wheels/pip-*.whl /usr/lib/python3/dist-packages
rm -rf /usr/share/python-wheels
python3 -m compileall -q /usr/lib/python3/dist-packages/pip
printf '%s\\n' '#!/usr/bin/python3 -I' 'import sys' 'from pip._internal.cli.main import main' 'sys.exit(main())' >/usr/local/bin/pip
chmod 755 /usr/local/bin/pip`;

/** Every image that can be made without a registry. */
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
    script: prebuildScript(),
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
  { environments: ["bash"], packages: [], command: ["bash"] },
];

/** What stays out of every image. */
const LEFT_OUT = [
  "/usr/share/doc/*",
  "/usr/share/info/*",
  "/usr/share/lintian/*",
  "/usr/share/locale/*",
  "/usr/share/man/*",
];

/** What nobody's program has a use for: the addresses of this machine's mirrors, and rights beyond those of the user. */
const CLEAN_UP = [
  "rm -rf /etc/apt /etc/hostname /etc/resolv.conf /var/cache/apt /var/cache/debconf /var/lib/apt /var/log/*",
  "find / -xdev -type f -perm /6000 -exec chmod a-s {} +",
].join("\n");

/** Environment names that Docker runs from an official image only, and why. */
const NO_RECIPE: Readonly<Record<string, string>> = { csharp: "Debian has no .NET SDK" };

/** The recipes behind these environment names, or all of them when there is none. @throws {CodeBeakerError} `invalid_request` */
export function recipesFor(environments: readonly string[]): readonly ImageRecipe[] {
  if (environments.length === 0) return RECIPES;
  return [...new Set(environments.map((name) => recipeFor(canonicalLanguage(name))))];
}

function recipeFor(environment: string): ImageRecipe {
  const recipe = RECIPES.find(({ environments }) => environments.includes(environment));
  if (recipe !== undefined) return recipe;
  const buildable = RECIPES.flatMap(({ environments }) => environments);
  const why = Object.hasOwn(NO_RECIPE, environment)
    ? `${NO_RECIPE[environment]}, so that its official image is needed: current value is ${JSON.stringify(environment)}`
    : `there is no recipe: current value is ${unknownName(environment, buildable)}`;
  throw new CodeBeakerError(
    "invalid_request",
    `Cannot build a local image (these can be built: ${buildable.join(", ")}) as ${why}`,
  );
}

/** The arguments of mmdebstrap(1) that write the root file system of an image to a tar file. */
export function bootstrapArguments(
  { packages, leftOut = [], hasDeno = false, script }: ImageRecipe,
  { denoBinary, tarPath }: { readonly denoBinary: string; readonly tarPath: string },
): string[] {
  return [
    "--mode=auto",
    "--variant=essential",
    "--skip=output/dev",
    ...(packages.length === 0 ? [] : [`--include=${packages.join(",")}`]),
    ...[...LEFT_OUT, ...leftOut].map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    ...(hasDeno
      ? [`--customize-hook=upload ${quote(denoBinary)} /usr/local/bin/deno`, inside("chmod 755 /usr/local/bin/deno")]
      : []),
    ...(script === undefined ? [] : [inside(script)]),
    inside(CLEAN_UP),
    SUITE,
    tarPath,
  ];
}

/** What an import adds to the root file system, as instructions of a Dockerfile. */
export function changesOf({ command }: ImageRecipe): string[] {
  return [
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV LANG=C.UTF-8",
    `CMD ${JSON.stringify(command)}`,
  ];
}

/** The tags of an image, the first one for its import: `codebeaker/<environment>:<hash>`. */
export async function tagsOf(recipe: ImageRecipe, facts: BuildFacts): Promise<[string, ...string[]]> {
  const hash = await hashOf(recipe, facts);
  const [first, ...others] = recipe.environments;
  return [tagOf(first, hash), ...others.map((environment) => tagOf(environment, hash))];
}

/** 12 hexadecimal digits that are others as soon as anything that decides the content is. */
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

/** A hook that runs a script in the root file system, whose path is its first argument. */
function inside(script: string): string {
  return `--customize-hook=chroot "$1" sh -euc ${quote(script)}`;
}

/** One word of a shell's command line. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
