import type { Service } from "../compose/mod.ts";
import { MAX_ISOLATION } from "../core/answers/vocabulary.ts";
import { describeObstacle } from "../core/capabilities.ts";
import { SERVICE_NAME, VERSION } from "../core/version.ts";
import { formatTable, type Output, print } from "./output.ts";
import { type Palette, paletteFor } from "./palette.ts";

type Runtimes = Awaited<ReturnType<Service["engine"]["describeRuntimes"]>>;

/** The parts of a service that its announcement needs. */
export interface AnnouncedService {
  readonly engine: Pick<Service["engine"], "describeRuntimes">;
  readonly selector: Pick<Service["selector"], "minIsolation">;
  readonly probes: Service["probes"];
  hasKeys(): boolean;
}

/** Programs to try, by language. The first that can run is shown. */
const FIRST_PROGRAMS: Readonly<Record<string, string>> = {
  python: "print(40 + 2)",
  typescript: "console.log(40 + 2)",
  javascript: "console.log(40 + 2)",
  bash: "echo $((40 + 2))",
};

/**
 * Announces a service: its address, its runtimes and, where none reaches the floor, a remedy. Programs get a line as
 * soon as a runtime can be used, and one when all have answered. People get the address at once, and a page on a
 * terminal. Once `signal` is aborted it prints nothing more: a service that stops asks no runtime.
 */
export async function announce(
  service: AnnouncedService,
  { signal, stdout = Deno.stdout, url }: {
    readonly url: string;
    readonly stdout?: Output;
    readonly signal?: AbortSignal;
  },
): Promise<void> {
  const palette = paletteFor(stdout);
  const announceTo = stdout.isTerminal() ? announceToPeople : announceToPrograms;
  const runtimes = await announceTo({ palette, service, signal, stdout, url }).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
    return undefined; // A service that stops refuses requests.
  });
  if (runtimes === undefined) return;
  const warning = floorWarning(runtimes, service.selector.minIsolation);
  if (warning !== undefined) await print(palette.bad(warning), stdout);
}

/** The parts of an announcement. */
interface Announcement {
  readonly service: AnnouncedService;
  readonly url: string;
  readonly palette: Palette;
  readonly stdout: Output;
  readonly signal: AbortSignal | undefined;
}

async function announceToPeople(
  { palette, service, signal, stdout, url }: Announcement,
): Promise<Runtimes | undefined> {
  await print(`${palette.title(`${SERVICE_NAME} ${VERSION}`)} listens on ${url}`, stdout);
  const runtimes = await service.engine.describeRuntimes();
  if (signal?.aborted) return undefined;
  await print(describePage(runtimes, { palette, service, url }), stdout);
  return runtimes;
}

async function announceToPrograms({ service, signal, stdout, url }: Announcement): Promise<Runtimes | undefined> {
  const first = await service.probes.firstAvailable;
  if (signal?.aborted) return undefined;
  await print(describeStart(url, first), stdout);
  await service.probes.allAnswered; // To ask all at once would slow the first requests.
  if (signal?.aborted) return undefined;
  const runtimes = await service.engine.describeRuntimes();
  if (signal?.aborted) return undefined;
  await print(describeLine(runtimes), stdout);
  return runtimes;
}

/** The state of a service that has started, in one line. Without a runtime no program can run. */
export function describeStart(url: string, runtime: string | undefined): string {
  const state = runtime === undefined ? "no runtime is available" : `ready on ${runtime}`;
  return `${SERVICE_NAME} listens on ${url}, ${state}`;
}

function describeLine(runtimes: Runtimes): string {
  const found = runtimes.map(({ name, available, reason }) => available ? name : `${name} (unavailable: ${reason})`);
  return `Runtimes: ${found.join(", ")}`;
}

function describePage(
  runtimes: Runtimes,
  { palette, service, url }: Omit<Announcement, "stdout" | "signal">,
): string {
  const rows = runtimes.map(({ name, available, environments, isolation, ...obstacle }) => {
    const languages = environments.filter((environment) => available ? environment.available : true);
    const state = available
      ? palette.good(`isolation ${isolation.level} of ${MAX_ISOLATION}`)
      : palette.hint(`unavailable: ${describeObstacle(obstacle)}`);
    return [name, languages.map((language) => language.name).join(", "), state];
  });
  const table = formatTable(["", "", ""], rows).trimStart().replaceAll(/^/gm, "  ");
  return ["", table, ...describeTrial(runtimes, { palette, service, url })].join("\n");
}

/** The lines of a command to try, which works as printed. None where no program can run. */
function describeTrial(
  runtimes: Runtimes,
  { palette, service, url }: Omit<Announcement, "stdout" | "signal">,
): string[] {
  const supported = runtimes.filter(({ available }) => available).flatMap(({ environments }) => environments)
    .filter(({ available }) => available).map(({ name }) => name);
  const found = Object.entries(FIRST_PROGRAMS).find(([language]) => supported.includes(language));
  if (found === undefined) return [];
  const [language, code] = found;
  const key = service.hasKeys() ? ` -H "X-API-Key: $CODEBEAKER_KEY"` : "";
  const note = service.hasKeys()
    ? " with one of your keys in CODEBEAKER_KEY (codebeaker keys create NAME makes one)"
    : "";
  return [
    "",
    `${palette.title("Try it")}${note}:`,
    `  curl -s${key} ${url}/v1/executions -d '${JSON.stringify({ language, code })}'`,
    "",
  ];
}

/** The warning with a remedy where no available runtime reaches the floor. */
function floorWarning(runtimes: Runtimes, floor: number): string | undefined {
  const best = Math.max(0, ...runtimes.map(({ available, isolation }) => available ? isolation.level : 0));
  if (best >= floor) return undefined;
  return `No runtime reaches the isolation floor ${floor} (the best here: ${best}): make one available, or lower --min-isolation`;
}
