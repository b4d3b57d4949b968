import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { browserAvailability, shareBrowser } from "../support/browser.ts";
import { npmTool } from "../support/npm_tool.ts";
import { openService } from "../support/own_service.ts";
import { isPresent } from "../support/requirements.ts";
import { shareService } from "../support/shared_service.ts";

/** The browser renders the whole document, which takes seconds on a busy machine. */
const PATIENCE_MS = 60_000;

/** Snippets of a page, each with the text that codapi shows below it. */
const SNIPPETS = [
  ["typescript", "console.log(6 * 7)", /^42$/],
  ["typescript", "console.log(1); Deno.exit(3)", /^1 \(exit status 3\)$/],
  ["cobol", "x", /404 - Unknown sandbox or command/],
] as const;

if (isPresent("chromium", await browserAvailability())) {
  const browser = shareBrowser();
  const shared = shareService();

  Deno.test("[chromium] /docs shows every operation and runs a program, and asks nobody but the service", async () => {
    await using service = shared.borrow();
    await using opened = await browser.open();
    const { page } = opened;
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(`${service.url}/docs`);
    const run = page.locator("#operations-Executions-createExecution");
    await run.locator(".opblock-summary-control").click();
    await run.getByRole("button", { name: "Try it out" }).click();
    await run.locator(".body-param__text").fill('{ "language": "typescript", "code": "console.log(40 + 2)" }');
    await run.getByRole("button", { name: "Execute" }).click();
    assertMatch(
      await run.locator(".live-responses-table .response .response-col_description").innerText(),
      /"stdout": "42\\n"/,
    );
    const { paths } = await (await fetch(`${service.url}/openapi.json`)).json();
    const count = Object.values(paths).reduce<number>((sum, item) => sum + Object.keys(item as object).length, 0);
    assertEquals(await page.locator(".opblock").count(), count);
    assertEquals([opened.complaints, [...opened.origins]], [[], [service.url]]);
  });

  const codapi = await npmTool("@antonz/codapi", "0.19.10");
  if (codapi !== undefined) {
    Deno.test("[chromium] @antonz/codapi 0.19.10 runs snippets of a page of another origin, unmodified", async () => {
      await using blog = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen: () => {} },
        async ({ url }) =>
          url.endsWith(".js")
            ? new Response(await Deno.readTextFile(join(codapi, "dist/snippet.js")))
            : new Response(body(), { headers: { "content-type": "text/html" } }),
      );
      const origin = `http://127.0.0.1:${blog.addr.port}`;
      await using service = await openService({ allowOrigins: [origin] });
      await using opened = await browser.open();
      const { page } = opened;
      const snippets = SNIPPETS.map(([sandbox, code]) =>
        `<pre><code>${code}</code></pre><codapi-snippet sandbox="${sandbox}" editor="basic"></codapi-snippet>`
      );
      const settings = `<codapi-settings url="${service.url}/v1"></codapi-settings>`;
      const body = () => `<!doctype html>${settings}${snippets.join("")}<script src="snippet.js"></script>`;
      await page.goto(origin);
      for (const [index, [, , shown]] of SNIPPETS.entries()) {
        const snippet = page.locator("codapi-snippet").nth(index);
        await snippet.getByRole("button", { name: "Run" }).click();
        const output = snippet.locator("codapi-output pre");
        await output.filter({ hasText: shown }).waitFor();
      }
      assertEquals([opened.complaints, [...opened.origins].toSorted()], [[], [service.url, origin].toSorted()]);
    });
  }
}
