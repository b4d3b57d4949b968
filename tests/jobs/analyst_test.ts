import { assertEquals } from "@std/assert";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { MEBIBYTE } from "../../src/core/limits.ts";
import { native } from "../../src/runtimes/native/entry.ts";
import { createRuntimes } from "../../src/runtimes/registry.ts";
import { ApiClient } from "../support/api_client.ts";
import { mountsAvailability } from "../support/confined.ts";
import { executeNotebook, hasNbconvert } from "../support/nbconvert.ts";
import { runNpmClient } from "../support/npm_client.ts";
import { npmAvailability } from "../support/npm_registry.ts";
import { OpenContext } from "../support/open_context.ts";
import { openService } from "../support/own_service.ts";
import { hasPythonModules } from "../support/python_modules.ts";
import { isPresent } from "../support/requirements.ts";

// An analyst's job: a large table goes up, pandas adds it up, and a chart comes back as a picture, at each door.

const CHART = "import matplotlib.pyplot as plt\nplt.bar(['n', 's'], [1, 2])\nplt.show()";
/** pandas and matplotlib take seconds to load where the machine is busy. */
const TIMEOUT_MS = 120_000;
const REGIONS = ["north", "south", "east", "west"];

const openMachine = () => openService({}, { createRuntimes: (host) => createRuntimes(host, [native]) });

if (
  isPresent("bubblewrap", await mountsAvailability()) &&
  isPresent("pandas", await hasPythonModules("pandas", "matplotlib"))
) {
  Deno.test("[analyst] 50 MB of CSV go up by HTTP, pandas adds them up, and a chart is a PNG", async () => {
    await using service = await openMachine();
    const client = new ApiClient(service);
    const limits = { memoryMb: 1_024, diskMb: 256, cpuMs: TIMEOUT_MS };
    const { id } = await client.openSession({ language: "python", limits });
    const { rows, table, totals } = makeTable(50 * MEBIBYTE);
    assertEquals(await client.status("PUT", `/v1/sessions/${id}/files/sales.csv`, table), 201);
    const context = await OpenContext.open(client, id);
    const cell = (code: string) => context.run(code, { timeoutMs: TIMEOUT_MS });
    const sums = await cell([
      "import pandas as pd",
      "sales = pd.read_csv('sales.csv')",
      "[len(sales), {name: int(sum) for name, sum in sales.groupby('region')['amount'].sum().items()}]",
    ].join("\n"));
    assertEquals([sums.stderr, sums.value], ["", [rows, totals]]);
    assertEquals(Object.keys((await cell("sales.head(3)")).value as object), ["text/plain", "text/html"]);
    const { displays } = await cell("sales.groupby('region')['amount'].sum().plot.bar()\nNone");
    assertEquals(displays?.map((data) => isPng(data["image/png"])), [true]);
    await client.status("DELETE", `/v1/sessions/${id}`);
  });

  Deno.test("[analyst] a chart is an image for an agent that uses MCP", async () => {
    await using service = await openMachine();
    const client = new Client({ name: "analyst", version: "1" });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${service.url}/mcp`)));
    const args = { language: "python", session: "new", cell: true, code: CHART, timeoutMs: TIMEOUT_MS };
    const result = await client.callTool({ name: "run_code", arguments: args }, undefined, { timeout: TIMEOUT_MS });
    const content = result.content as { type: string; data?: string; mimeType?: string }[];
    const images = content.filter(({ type }) => type === "image");
    assertEquals(images.map(({ data, mimeType }) => [mimeType, isPng(data)]), [["image/png", true]]);
    await client.close();
  });

  if (isPresent("npm", await npmAvailability())) {
    Deno.test("[analyst] a chart is a result with a png for E2B's code interpreter, unmodified", async () => {
      await using service = await openMachine();
      const answer = await runNpmClient(
        `
          import { Sandbox } from "npm:@e2b/code-interpreter@2.8.0";
          const sandbox = await Sandbox.create({ timeoutMs: 300_000 });
          await sandbox.files.write("sales.csv", "region,amount\\nn,1\\ns,2\\nn,4\\n");
          const code = "import pandas as pd\\npd.read_csv('sales.csv').groupby('region').sum()";
          const table = await sandbox.runCode(code, { timeoutMs: ${TIMEOUT_MS} });
          const chart = await sandbox.runCode(${JSON.stringify(CHART)}, { timeoutMs: ${TIMEOUT_MS} });
          console.log(JSON.stringify({ html: table.results[0]?.html, pngs: chart.results.map(({ png }) => png) }));
          await sandbox.kill();
        `,
        { env: { E2B_API_KEY: "none", E2B_API_URL: `${service.url}/e2b`, E2B_SANDBOX_URL: `${service.url}/e2b` } },
      );
      assertEquals(answer.html.includes("<td>5</td>"), true);
      assertEquals(answer.pngs.map(isPng), [true]);
    });
  }

  if (isPresent("nbconvert", await hasNbconvert())) {
    Deno.test("[analyst] nbconvert executes a notebook with a gateway as with ipykernel", async () => {
      await using service = await openMachine();
      const cells = [
        "import pandas as pd\nimport matplotlib.pyplot as plt\n%matplotlib inline",
        "sales = pd.DataFrame({'region': ['n', 's', 'n'], 'amount': [1, 2, 4]})\nprint(len(sales))",
        "sales.groupby('region').sum()",
        "sales.plot.bar(x='region', y='amount')\nplt.show()",
        "sales.plot(y='amount')",
        "figure, axes = plt.subplots()\naxes.plot([1, 2]);",
        "from IPython.display import display, HTML, Markdown\ndisplay(HTML('<b>total</b>'))\nMarkdown('**7**')",
        "for part in range(3):\n    print(part)\n_ is not None and sales.amount.sum()",
      ];
      // What the first cell loads says on stderr that it builds its list of fonts, where that takes more than 5 s.
      const [, ...own] = await executeNotebook(cells);
      assertEquals(own.map((outputs) => outputs.length), [1, 1, 1, 2, 1, 2, 2]);
      assertEquals((await executeNotebook(cells, { gateway: service.url })).slice(1), own);
    });
  }
}

/** A table of at least some length, with its number of rows and the sum of each region. */
function makeTable(bytes: number) {
  const rows = Math.ceil(bytes / 64);
  const sums = REGIONS.map(() => 0);
  const lines = ["region,amount,comment"];
  for (let row = 0; row < rows; row++) {
    const region = (row * 7) % REGIONS.length;
    sums[region] = (sums[region] ?? 0) + row % 1000;
    lines.push(`${REGIONS[region]},${row % 1000},${"x".repeat(55)}`);
  }
  const totals = Object.fromEntries(REGIONS.map((name, index) => [name, sums[index]]).toSorted());
  return { rows, totals, table: new TextEncoder().encode(`${lines.join("\n")}\n`) };
}

function isPng(data: unknown): boolean {
  return typeof data === "string" && atob(data).startsWith("\x89PNG\r\n\x1a\n");
}
