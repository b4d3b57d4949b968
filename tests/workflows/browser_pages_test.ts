import { assertEquals, assertMatch } from "@std/assert";
import { browserAvailability, shareBrowser } from "../support/browser.ts";
import { isPresent } from "../support/requirements.ts";
import { shareService } from "../support/shared_service.ts";

/** The browser renders the whole document, which takes seconds on a busy machine. */
const PATIENCE_MS = 60_000;

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
}
