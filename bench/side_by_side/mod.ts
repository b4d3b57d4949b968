import { fromFileUrl } from "@std/path";
import { type Chart, drawPicture } from "../picture.ts";
import { printTable } from "../table.ts";
import type { Target } from "../targets.ts";
import { benchEndurance } from "./endurance.ts";
import { benchMachineLanguages } from "./machine_languages.ts";
import { benchDenoOneShots, benchDockerOneShots, type OneShots } from "./one_shot.ts";
import { openServices } from "./services.ts";
import { benchThroughput, type Rates } from "./throughput.ts";
import { benchTurns, type Turns } from "./turns.ts";
import { benchWarmMemory } from "./warm_memory.ts";

/** The picture of the README. */
const PICTURE = fromFileUrl(new URL("../picture.svg", import.meta.url));

/** Measures all contenders side by side in one run; returns the targets, and draws the README's picture. */
export async function benchSideBySide(): Promise<Target[]> {
  const directory = await Deno.makeTempDir();
  try {
    await using services = await openServices();
    const { pythonImage } = services;
    const deno = await benchDenoOneShots(services, directory);
    const denoTurns = await benchTurns(services, { language: "typescript", runtime: "deno" });
    const rates = await benchThroughput(services, directory);
    const inDocker = pythonImage === undefined ? undefined : {
      oneShots: await benchDockerOneShots(services, pythonImage),
      turns: await benchTurns(services, { language: "python", runtime: "docker" }),
    };
    const machine = await benchMachineLanguages(services, { directory, dockerRunMs: inDocker?.oneShots.bare });
    const warmMb = await benchWarmMemory();
    const endurance = await benchEndurance(services);
    if (inDocker === undefined) {
      printTable("Docker", ["contender", "figure"], [{ name: "no Engine is available", cells: ["-"] }]);
    }
    await Deno.writeTextFile(PICTURE, drawPicture(chartsOf({ deno, docker: inDocker?.oneShots, rates })));
    await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", PICTURE] }).output();
    return [
      ...denoTargets(deno, { turns: denoTurns, rates }),
      ...(inDocker === undefined ? [] : dockerTargets(inDocker.oneShots, inDocker.turns)),
      ...machine,
      { id: "P7", work: "memory of a warm Deno process", unit: "MB", measured: warmMb, atMost: 15 },
      {
        id: "P9",
        work: "p50 at the 10,000th execution, by that at the 500th",
        unit: "×",
        measured: endurance.p50,
        atMost: 1.1,
      },
      {
        id: "P9",
        work: "the service's memory at the 10,000th, by that at the 500th",
        unit: "×",
        measured: endurance.memory,
        atMost: 1.1,
      },
    ];
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Measures languages of this machine alone, those of the names or else all; returns their targets. */
export async function benchLanguages(names: readonly string[]): Promise<Target[]> {
  const directory = await Deno.makeTempDir();
  try {
    await using services = await openServices();
    return await benchMachineLanguages(services, { directory, dockerRunMs: undefined, names });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function denoTargets(
  { bare, context, warm }: OneShots,
  { rates, turns }: { readonly rates: Rates; readonly turns: Turns },
): Target[] {
  const atFour = (key: keyof Rates) => rates[key][1] ?? Number.NaN;
  const perSecond = Math.max(atFour("cold"), atFour("warm"));
  return [
    {
      id: "P1",
      work: "one-shot TypeScript, warm, by a bare `deno run`",
      unit: "×",
      measured: warm / bare,
      atMost: 0.4,
    },
    { id: "P3", work: "one evaluation in a Deno context", unit: "ms", measured: context, atMost: 1 },
    {
      id: "P3",
      work: "one evaluation in a Deno context, by a bare `deno run`",
      unit: "×",
      measured: context / bare,
      atMost: 0.06,
    },
    {
      id: "P4",
      work: "programs a second for 4 clients, by bare runs under the same layers",
      unit: "×",
      measured: perSecond / atFour("layered"),
      atLeast: 0.85,
    },
    {
      id: "P4",
      work: "programs a second for 4 clients, by unconfined runs",
      unit: "×",
      measured: perSecond / atFour("bare"),
      atLeast: 0.55,
    },
    { id: "P6", work: "ten turns of a session on Deno", unit: "ms", measured: turns.warm, atMost: 80 },
  ];
}

function dockerTargets({ bare, warm }: OneShots, turns: Turns): Target[] {
  return [
    {
      id: "P2",
      work: "one-shot Python in Docker, warm, by `docker run --rm`",
      unit: "×",
      measured: warm / bare,
      atMost: 0.06,
    },
    { id: "P6", work: "ten turns of a session on Docker", unit: "ms", measured: turns.warm, atMost: 200 },
  ];
}

function chartsOf(
  { deno, docker, rates }: { readonly deno: OneShots; readonly docker: OneShots | undefined; readonly rates: Rates },
): Chart[] {
  const bar = (name: string, value: number, isOurs = true) => ({ name, value, isOurs });
  const oneShots = (what: string, { bare, cold, context, warm }: OneShots) => [
    bar(what, bare, false),
    bar("CodeBeaker, cold", cold),
    bar("CodeBeaker, warm", warm),
    bar("CodeBeaker, in a context", context),
  ];
  return [
    { title: "A TypeScript program over HTTP, p50", unit: "ms", bars: oneShots("bare deno run, not confined", deno) },
    ...(docker === undefined
      ? []
      : [{ title: "A Python program in a container, p50", unit: "ms", bars: oneShots("docker run --rm", docker) }]),
    {
      title: "Fresh processes a second, 4 clients",
      unit: "/ s",
      bars: [
        bar("bare deno run, same layers", rates.layered[1] ?? 0, false),
        bar("CodeBeaker, cold", rates.cold[1] ?? 0),
        bar("CodeBeaker, warm", rates.warm[1] ?? 0),
      ],
    },
  ];
}
