import { assertEquals } from "@std/assert";
import dashboard from "../../packaging/grafana_dashboard.json" with { type: "json" };
import { Metrics } from "../../src/metrics.ts";
import { NO_FIGURES } from "../support/no_figures.ts";

Deno.test("the dashboard reads every metric of the service, and no other", async () => {
  const { text } = await new Metrics(NO_FIGURES).expose();
  const exposed = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name);
  const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join("\n");
  const read = [...expressions.matchAll(/\b(\w+?)(_bucket)?\{job=~"\$job"\}/g)].map(([, name]) => name);
  assertEquals([...new Set(read)].toSorted(), exposed.toSorted());
});
