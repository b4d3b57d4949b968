import type { Note } from "./answers/execution.ts";

/** Longest beginning and end of stderr that is read, in characters. A hostile program may print any number. */
const MAX_LENGTH = 16_384;

/** How languages say that a module is missing. */
const PATTERNS: readonly { readonly pattern: RegExp; readonly isPython?: true }[] = [
  { pattern: /^ModuleNotFoundError: No module named '([\w.]+)'$/gm, isPython: true },
  { pattern: /^\S*python[\d.]*: No module named ([\w.]+)$/gm, isPython: true },
  { pattern: /Cannot find (?:module|package) ['"](@?[\w-][\w.@/-]*)['"]/g },
  // A module that no directory has up to the root is denied there.
  { pattern: /read access to "\/\w+_modules"[^\n]*\n[^\n]*\brequire\(["'](@?[\w-][\w.@/-]*)["']\)/g },
  { pattern: /Import "(@?[\w-][\w.@/-]*)" not a dependency/g },
  { pattern: /Relative import path "(@?[\w-][\w.@/-]*)" not prefixed/g },
  { pattern: /matching package for 'npm:(@?[\w-][\w.@/-]*)'/g },
  { pattern: /^npm (?:error|ERR!) network request to https?:\/\/[^/\s]+\/(@?[\w.%-]+) failed/gm },
];

/** Python's modules whose package has another name, with Debian's package where there is one. */
const PYTHON_PACKAGES: Readonly<Record<string, readonly [name: string, debian?: string]>> = {
  attr: ["attrs", "python3-attr"],
  bs4: ["beautifulsoup4", "python3-bs4"],
  Bio: ["biopython", "python3-biopython"],
  Crypto: ["pycryptodome", "python3-pycryptodome"],
  cv2: ["opencv-python", "python3-opencv"],
  dateutil: ["python-dateutil", "python3-dateutil"],
  docx: ["python-docx", "python3-docx"],
  dotenv: ["python-dotenv", "python3-dotenv"],
  fitz: ["PyMuPDF", "python3-fitz"],
  jwt: ["PyJWT", "python3-jwt"],
  MySQLdb: ["mysqlclient", "python3-mysqldb"],
  OpenSSL: ["pyOpenSSL", "python3-openssl"],
  PIL: ["pillow", "python3-pil"],
  pptx: ["python-pptx"],
  psycopg2: ["psycopg2-binary", "python3-psycopg2"],
  serial: ["pyserial", "python3-serial"],
  skimage: ["scikit-image", "python3-skimage"],
  sklearn: ["scikit-learn", "python3-sklearn"],
  umap: ["umap-learn"],
  usb: ["pyusb", "python3-usb"],
  yaml: ["PyYAML", "python3-yaml"],
  zmq: ["pyzmq", "python3-zmq"],
};

/** Python's modules that a package of their own name has, and Debian's too. */
const SAME_NAMES: ReadonlySet<string> = new Set([
  ...["flask", "jinja2", "lxml", "matplotlib", "networkx", "nltk", "numpy", "openpyxl", "pandas", "psutil", "pytest"],
  ...["pydantic", "redis", "requests", "scipy", "seaborn", "sqlalchemy", "statsmodels", "sympy", "tabulate", "tqdm"],
]);

/** Notes on the modules that a program which failed did not find. */
export function noteMissingModules(
  stderr: string,
  { noPackages }: {
    /** Why no packages can be installed in the environment. Default: they can. */
    readonly noPackages?: string | undefined;
  },
): { readonly notes?: readonly Note[] } {
  const read = stderr.length <= 2 * MAX_LENGTH
    ? stderr
    : `${stderr.slice(0, MAX_LENGTH)}\n${stderr.slice(-MAX_LENGTH)}`;
  const found = new Map<string, Note>();
  for (const { isPython = false, pattern } of PATTERNS) {
    for (const [, name = ""] of read.matchAll(pattern)) {
      const module = name.replace(/%2f/i, "/");
      const remedy = isPython ? pythonRemedy(module, noPackages) : remedyFor(packageOf(module), noPackages);
      if (!found.has(module) && found.size < MAX_NOTES) found.set(module, { kind: "missing_module", module, remedy });
    }
  }
  return found.size === 0 ? {} : { notes: [...found.values()] };
}

/** Most notes of an answer. */
const MAX_NOTES = 8;

function pythonRemedy(module: string, noPackages: string | undefined): string {
  const [top = module] = module.split(".");
  if (top === "pip") return remedyFor("NAME", noPackages);
  const known = PYTHON_PACKAGES[top] ?? (SAME_NAMES.has(top) ? [top, `python3-${top}`] as const : undefined);
  if (known === undefined) {
    return `send ${top}.py with the files if the module is your own, else ${remedyFor(top, noPackages)}`;
  }
  const [name, debian] = known;
  const operator = debian === undefined
    ? ""
    : `; the service's operator can install it for all (apt-get install ${debian})`;
  return `${remedyFor(name, noPackages)}${operator}`;
}

/** The package of a module's name: `@scope/name` of `@scope/name/part`. */
function packageOf(module: string): string {
  return module.split("/").slice(0, module.startsWith("@") ? 2 : 1).join("/");
}

function remedyFor(name: string, noPackages: string | undefined): string {
  const command = JSON.stringify({ type: "install_packages", packages: [name] });
  if (noPackages === undefined) return `install the package in a session, by the command ${command}`;
  return `${noPackages}; or install the package in a session on another runtime, by the command ${command}, or run an image that has it`;
}
