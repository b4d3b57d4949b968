import { type Command, Option } from "commander";
import { Keyring } from "../access/mod.ts";
import { openHomeStorage } from "../compose/home_storage.ts";
import { loadConfig } from "../config.ts";
import { CodeBeakerError, hasCode, messageOf } from "../core/errors.ts";
import { keyNameSchema } from "../core/key_policy.ts";
import type { Principal } from "../core/principal.ts";
import { parseAs, strictObject } from "../core/parsing/validation.ts";
import { parsePolicyFlags, POLICY_FLAGS } from "./key_flags.ts";
import { formatTable, print, printError } from "./output.ts";
import { addSettings, settingsFor } from "./settings.ts";

/** The exit code for an unknown key. */
const EXIT_UNKNOWN = 1;

type Settings = Readonly<Record<string, unknown>>;

/** `codebeaker keys`: who may use the service of a home, also while it runs. */
export function addKeysCommand(program: Command, setExitCode: (code: number) => void): void {
  const keys = program.command("keys").description("create, list and revoke API keys");
  const create = keys.command("create")
    .description("create a key and print it, this once")
    .argument("<name>", "what people call it");
  for (const { flag, help } of POLICY_FLAGS) create.addOption(new Option(flag, help));
  addSettings(create, settingsFor("keys")).action(createKey);
  addSettings(keys.command("list").description("list the keys"), settingsFor("keys")).action(listKeys);
  addSettings(
    keys.command("revoke").description("revoke a key: it opens nothing from then on").argument(
      "<id>",
      "as the list shows it",
    ),
    settingsFor("keys"),
  ).action(async (id: string, flags: Settings) => setExitCode(await revokeKey(id, flags)));
}

async function createKey(name: string, flags: Settings): Promise<void> {
  const { policy, settings } = parsePolicyFlags(flags);
  const named = parseAs(strictObject({ name: keyNameSchema }), { name }, { what: "the arguments" });
  using opened = await openKeyring(settings);
  const { id, text } = attempt("create the key", () => opened.keyring.create(named.name, policy));
  const why = await whyUnseen(text);
  if (why !== undefined) {
    throw new CodeBeakerError(
      "internal",
      `Cannot show the key "${named.name}" (id ${id}) as ${why}: revoke it, and create another`,
    );
  }
  await printError(
    `This is the key "${named.name}" (id ${id}). It is shown this once: keep it where secrets are kept.`,
  );
}

/** Prints a line. Returns why it cannot have been read; undefined when it may have been. */
async function whyUnseen(line: string): Promise<string | undefined> {
  try {
    return await print(line) ? undefined : "nobody reads the output";
  } catch (error) {
    if (!hasCode(error, "internal")) throw error;
    return `the output cannot be written (${messageOf(error.cause)})`;
  }
}

/** @throws {CodeBeakerError} `busy` where the storage does not do it, as while another process has locked it */
function attempt<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new CodeBeakerError("busy", `Cannot ${what} as its home cannot be written now: ${messageOf(cause)}`, {
      cause,
    });
  }
}

async function listKeys(settings: Settings): Promise<void> {
  using opened = await openKeyring(settings);
  const rows = opened.keyring.list().map(({ id, principal, createdAt, revokedAt }) => [
    id,
    principal.name,
    principal.scopes.join(","),
    String(principal.minIsolation),
    boundsOf(principal),
    createdAt,
    revokedAt ?? "-",
  ]);
  await print(formatTable(["ID", "NAME", "SCOPES", "FLOOR", "BOUNDS", "CREATED", "REVOKED"], rows));
}

/** Its ceiling and its quota. */
function boundsOf({ ceiling, quota }: Principal): string {
  const bounds = Object.entries({ ...ceiling, ...quota });
  return bounds.length === 0 ? "-" : bounds.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(" ");
}

async function revokeKey(id: string, settings: Settings): Promise<number> {
  using opened = await openKeyring(settings);
  if (attempt("revoke the key", () => opened.keyring.revoke(id))) {
    await printError(`The key ${JSON.stringify(id)} is revoked.`);
    return 0;
  }
  await printError(
    `codebeaker: Cannot revoke the key as its id must be that of one that is not revoked yet: current value is ${
      JSON.stringify(id)
    }`,
  );
  return EXIT_UNKNOWN;
}

/** The keys that are kept in the home that the settings name; disposing closes its storage. */
async function openKeyring(settings: Settings): Promise<{ readonly keyring: Keyring } & Disposable> {
  const storage = openHomeStorage(await loadConfig(settings));
  const keyring = new Keyring({ keys: storage.keys, audit: storage.audit, clock: { now: Date.now } });
  return { keyring, [Symbol.dispose]: () => storage[Symbol.dispose]() };
}
