import { assertEquals } from "@std/assert";
import type { ApiClient } from "./api_client.ts";

/** The samples of metrics, by name and labels as the text has them. */
export function samplesIn(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const end = line.lastIndexOf(" ");
    return [line.slice(0, end), Number(line.slice(end + 1))];
  }));
}

/** What a service tells of some metrics, in their order; what has not been counted is 0. */
export async function readMetrics(client: ApiClient, names: readonly string[]): Promise<number[]> {
  const samples = samplesIn(await (await client.ask("GET", "/metrics")).text());
  return names.map((name) => samples.get(name) ?? 0);
}

/** Asserts what a service tells of some metrics. */
export async function assertMetrics(client: ApiClient, expected: Readonly<Record<string, number>>): Promise<void> {
  const names = Object.keys(expected);
  const values = await readMetrics(client, names);
  assertEquals(Object.fromEntries(names.map((name, index) => [name, values[index]])), expected);
}
