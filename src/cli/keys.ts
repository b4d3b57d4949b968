import { type Command, Option } from "commander";
import { Keyring } from "../access/mod.ts";
import { openHomeStorage } from "../compose/home_storage.ts";
import { loadConfig } from "../config.ts";
import { CodeBeakerError, hasCode, messageOf } from "../core/errors.ts";
import { keyNameSchema } from "../core/key_policy.ts";
import type { Principal } from "../core/principal.ts";
import { parseAs, strictObject } from "../core/parsing/validation.ts";
import { parsePolicyFlags, POLICY_FLAGS } from "./key_flags.ts";
import type { CommandContext } from "./context.ts";
import { formatTable } from "./output.ts";
import { addSettings, settingsFor } from "./settings.ts";

/** The exit code for an unknown key. */
const EXIT_UNKNOWN = 1;

/** The settings and the key's policy, as flags. */
interface KeyFlags {
  readonly json?: true;
  readonly [flag: string]: unknown;
}

/** Defines `codebeaker keys`, which manages the keys of a home, also while its service runs. */
export function defineKeys(command: Command, context: CommandContext): void {
  const create = command.command("create")
    .description("create a key and print it, this once")
    .argument("<name>", "the name of the key")
    .option("--json", "print the key and its id as JSON");
  for (const { flag, help } of POLICY_FLAGS) create.addOption(new Option(flag, help));
  addSettings(create, settingsFor("keys")).action((name: string, flags: KeyFlags) =>
    createKey({ name, flags }, context)
  );
  const list = command.command("list").description("list the keys").option("--json", "print the keys as JSON");
  addSettings(list, settingsFor("keys")).action((flags: KeyFlags) => listKeys(flags, context));
  const revoke = command.command("revoke")
    .description("revoke a key at once")
    .argument("<key>", "its id or its name, as the list shows them")
    .option("--json", "print the id as JSON")
    .addHelpText("after", "\nExit code: 0 when the key is revoked; 1 when no valid key, or several, have this name.");
  addSettings(revoke, settingsFor("keys")).action(async (named: string, flags: KeyFlags) =>
    context.setExitCode(await revokeKey({ named, flags }, context))
  );
}

async function createKey(
  { name, flags: { json, ...flags } }: { readonly name: string; readonly flags: KeyFlags },
  { print, printError }: CommandContext,
): Promise<void> {
  const { policy, settings } = parsePolicyFlags(flags);
  const named = parseAs(strictObject({ name: keyNameSchema }), { name }, { what: "the arguments" });
  using opened = await openKeyring(settings);
  const { id, text } = attempt("create the key", () => opened.keyring.create(named.name, policy));
  const why = await whyUnseen(json ? JSON.stringify({ id, name: named.name, key: text }) : text, print);
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

/** Prints a line. Returns why the line cannot have been read; undefined when it may have been. */
async function whyUnseen(line: string, print: CommandContext["print"]): Promise<string | undefined> {
  try {
    return await print(line) ? undefined : "the reader of the output is gone";
  } catch (error) {
    if (!hasCode(error, "internal")) throw error;
    return `the output cannot be written (${messageOf(error.cause)})`;
  }
}

/** @throws {CodeBeakerError} `busy` where the storage fails, for example while another process has locked it */
function attempt<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new CodeBeakerError("busy", `Cannot ${what} as its home cannot be written now: ${messageOf(cause)}`, {
      cause,
    });
  }
}

async function listKeys({ json, ...settings }: KeyFlags, { print }: CommandContext): Promise<void> {
  using opened = await openKeyring(settings);
  const keys = opened.keyring.list();
  if (json) {
    const shown = keys.map(({ id, principal: { tenant: _, ...policy }, createdAt, revokedAt }) => ({
      id,
      ...policy,
      createdAt,
      ...(revokedAt === undefined ? {} : { revokedAt }),
    }));
    await print(JSON.stringify({ keys: shown }, null, 2));
    return;
  }
  const rows = keys.map(({ id, principal, createdAt, revokedAt }) => [
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

/** Formats the ceiling and the quota of a key. */
function boundsOf({ ceiling, quota }: Principal): string {
  const bounds = Object.entries({ ...ceiling, ...quota });
  return bounds.length === 0 ? "-" : bounds.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(" ");
}

async function revokeKey(
  { named, flags: { json, ...settings } }: { readonly named: string; readonly flags: KeyFlags },
  { print, printError }: CommandContext,
): Promise<number> {
  using opened = await openKeyring(settings);
  const ids = idsOf(named, opened.keyring.list());
  const [id] = ids;
  if (ids.length > 1) {
    await printError(
      `codebeaker: Cannot revoke the key as ${ids.length} have this name: name one by its id (${
        ids.join(", ")
      }): current value is ${JSON.stringify(named)}`,
    );
    return EXIT_UNKNOWN;
  }
  if (id !== undefined && attempt("revoke the key", () => opened.keyring.revoke(id))) {
    if (json) await print(JSON.stringify({ id, revoked: true }));
    else await printError(`The key ${JSON.stringify(named)} is revoked.`);
    return 0;
  }
  await printError(
    `codebeaker: Cannot revoke the key as it must be the id or the name of one that is not revoked yet: current value is ${
      JSON.stringify(named)
    }`,
  );
  return EXIT_UNKNOWN;
}

/** The ids of valid keys with an id. Where none has it, it is taken for a name. */
function idsOf(named: string, keys: ReturnType<Keyring["list"]>): string[] {
  const valid = keys.filter(({ revokedAt }) => revokedAt === undefined);
  const byId = valid.filter(({ id }) => id === named);
  return (byId.length > 0 ? byId : valid.filter(({ principal }) => principal.name === named)).map(({ id }) => id);
}

/** Opens the keys in the home that the settings name. Disposing closes the storage. */
async function openKeyring(
  settings: Readonly<Record<string, unknown>>,
): Promise<{ readonly keyring: Keyring } & Disposable> {
  const storage = openHomeStorage(await loadConfig(settings));
  const keyring = new Keyring({ keys: storage.keys, audit: storage.audit, clock: { now: Date.now } });
  return { keyring, [Symbol.dispose]: () => storage[Symbol.dispose]() };
}
