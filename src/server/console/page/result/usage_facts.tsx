import type { Execution } from "../../../../core/execution.ts";
import { formatBytes, formatMs } from "../parts/format.ts";

/** What the execution used. */
export function UsageFacts({ execution }: { readonly execution: Execution }) {
  const { usage: { cpuMs, peakMemoryBytes, startupMs, wallMs }, warm } = execution;
  const facts: (readonly [name: string, value: string])[] = [
    ["Start-up", `${formatMs(startupMs)}, ${warm ? "warm" : "cold"}`],
    ["Run time", formatMs(wallMs)],
    ["CPU time", cpuMs === null ? "not known" : formatMs(cpuMs)],
    ["Peak memory", peakMemoryBytes === null ? "not known" : formatBytes(peakMemoryBytes)],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
