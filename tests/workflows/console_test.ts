import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { Buffer } from "node:buffer";
import { apiKeysSchema } from "../../src/core/key_policy.ts";
import type { Activity } from "../../src/server/console/page/live/series.ts";
import { ApiClient } from "../support/api_client.ts";
import { browserAvailability, type OpenPage, type PageOptions, shareBrowser } from "../support/browser.ts";
import { EVERY_RUNTIME, openService } from "../support/own_service.ts";
import { isPresent, programAvailability } from "../support/requirements.ts";
import { PROJECT } from "../support/service_process.ts";
import { until } from "../support/until.ts";
import { shareService } from "../support/shared_service.ts";

const KEY = "cb_0123456789abcdef_of_the_console_test";
const DESKTOP = { width: 1280, height: 860 } as const;
const PHONE = { width: 320, height: 760 } as const;
/** Colours and size of a screen. */
type Screen = readonly [colors: "light" | "dark", size: { readonly width: number; readonly height: number }];

const LIGHT_AND_DARK: readonly Screen[] = [["light", DESKTOP], ["dark", PHONE]];
const EVERY_SCREEN: readonly Screen[] = [...LIGHT_AND_DARK, ["light", PHONE], ["dark", DESKTOP]];
/**
 * Where the pictures of the docs go, which `task docs:pictures` has taken; absent, none is. The fonts that the page
 * names first have to be installed (Debian: fonts-inter, fonts-jetbrains-mono).
 */
const PICTURES = Deno.env.get("CODEBEAKER_PICTURES");

if (isPresent("chromium", await browserAvailability())) {
  const browser = shareBrowser();
  const service = shareService();

  const openConsole = async (options: PageOptions = {}): Promise<OpenPage> => {
    const opened = await browser.open(options);
    await opened.page.goto(service.borrow().url);
    await opened.page.getByRole("heading", { name: "Where it would run" }).waitFor();
    return opened;
  };

  Deno.test("[chromium] the console runs a program, says how it ended, and why it ran there", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await chooseLanguage(opened, "deno");
    await page.getByRole("textbox", { name: "Program" }).getByText("Hello, ").waitFor(); // A first program in it.
    const code = 'console.log("out");\nconsole.error("err");\nDeno.exit(3);';
    await write(opened, code);
    await chooseLanguage(opened, "js"); // What was written stays.
    await page.getByRole("radio", { name: "Speed" }).check();
    const sending = page.waitForRequest("**/v1/executions");
    await page.keyboard.press("Control+Enter");
    const sent = (await sending).postDataJSON();
    assertEquals([sent.language, sent.preference, sent.code], ["javascript", "speed", code]);
    await page.getByText("Exit code 3").waitFor();
    assertEquals(await page.getByRole("log").innerText(), "out\nerr\n");
    assertEquals(await page.locator(".output .stderr").innerText(), "err\n");
    assertMatch(await page.locator(".facts").innerText(), /Start-up[^]*Run time[^]*CPU time[^]*Peak memory/);
    assertMatch(await page.locator(".candidates summary").innerText(), /^Why this runtime\s+deno, the (only|best)/);
    await page.getByRole("heading", { name: "Why this runtime" }).click();
    const chosen = page.getByRole("row", { name: "chosen" });
    assertMatch(await chosen.innerText(), /deno[^]*ms[^]*MB[^]*of 10/);
    assert(await page.getByText("Not suitable").isVisible());
    assertEquals([opened.complaints, [...opened.origins]], [[], [new URL(page.url()).origin]]);
  });

  Deno.test("[chromium] output is on the page while its program runs, and Stop keeps it", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await write(opened, 'console.log("begun");\nawait new Promise((done) => setTimeout(done, 1e9));');
    await page.getByText("Limits", { exact: true }).click();
    await page.getByRole("textbox", { name: "Time, in ms", exact: true }).fill("59000");
    await page.getByRole("button", { name: "Run" }).click();
    await page.getByRole("log").getByText("begun").waitFor();
    await page.getByText("Running", { exact: true }).waitFor();
    await page.keyboard.press("Control+.");
    await page.getByText("Stopped", { exact: true }).waitFor();
    assertEquals(await page.getByRole("log").innerText(), "begun\n");
  });

  Deno.test("[chromium] output stays on the page when the connection breaks off, and the page says so", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await page.route("**/v1/executions", (route) =>
      route.fulfill({
        contentType: "text/event-stream",
        body: 'event: started\ndata: {"id":"exec_1","runtime":"deno"}\n\nevent: stdout\ndata: {"text":"so far"}\n\n',
      }));
    await page.getByRole("button", { name: "Run" }).click();
    await page.getByText("Connection lost", { exact: true }).waitFor();
    assertEquals(await page.getByRole("log").innerText(), "so far");
  });

  Deno.test("[chromium] a denial's button grants the remedy, and runs again", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await write(opened, 'try { Deno.env.get("GREETING"); console.log("granted"); } catch { console.log("refused"); }');
    await page.keyboard.press("Control+Enter");
    await page.getByRole("heading", { name: "Refused to the program" }).waitFor();
    await page.getByRole("button", { name: "Allow and run again" }).click();
    await page.getByRole("heading", { name: "Refused to the program" }).waitFor({ state: "detached" });
    await page.getByText("Done", { exact: true }).waitFor();
    assertEquals(await page.getByRole("log").innerText(), "granted\n");
    assert(await page.getByText("1 variable", { exact: true }).isVisible());
  });

  Deno.test("[chromium] files, typed input and limits of the form reach the program", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await page.getByRole("button", { name: "New file" }).click();
    await page.getByRole("textbox", { name: "File data.txt" }).fill("of a file");
    await page.getByRole("button", { name: "Program" }).click();
    await write(
      opened,
      'console.log(Deno.readTextFileSync("data.txt"));\nfor await (const bytes of Deno.stdin.readable) console.log(new TextDecoder().decode(bytes).trim());',
    );
    await page.getByText("Input", { exact: true }).click();
    await page.getByRole("checkbox", { name: "Type standard input" }).check();
    await page.getByText("Limits", { exact: true }).click();
    await page.getByRole("textbox", { name: "Time, in ms", exact: true }).fill("59000");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("log").getByText("of a file").waitFor();
    await page.getByRole("textbox", { name: "Standard input" }).fill("typed");
    await page.keyboard.press("Enter");
    await page.getByRole("log").getByText("typed").waitFor();
    await page.getByRole("button", { name: "End input" }).press("Enter");
    await page.getByText("Done", { exact: true }).waitFor();
    assertEquals(await page.evaluate("document.activeElement.ariaLabel"), "Result"); // And not the page.
    await page.reload(); // The tab keeps the program.
    await page.getByText("1 of its own").waitFor();
  });

  Deno.test("[chromium] a file that is dropped on the program is one of its files, and does nothing elsewhere", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await write(opened, "of the program");
    const data = await page.evaluateHandle(
      "const data = new DataTransfer(); data.items.add(new File(['dropped'], 'dropped.txt')); data",
    );
    await page.getByRole("textbox", { name: "Program" }).dispatchEvent("drop", { dataTransfer: data });
    await page.getByRole("textbox", { name: "File dropped.txt" }).getByText("dropped").waitFor();
    await page.getByRole("button", { name: "Program" }).click();
    await page.getByText("of the program", { exact: true }).waitFor(); // And nothing else.
    await page.evaluate("addEventListener('drop', (event) => window.isRefused = event.defaultPrevented)");
    await page.locator("body").dispatchEvent("drop", { dataTransfer: data });
    assertEquals(await page.evaluate("isRefused"), true);
  });

  Deno.test("[chromium] a request that no runtime suits says why, for each of them", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await page.evaluate("requestAnimationFrame = (paint) => setTimeout(paint, 500)"); // A slow screen.
    await page.locator("summary", { hasText: "Chosen by the service" }).click();
    await page.getByRole("textbox", { name: "Least isolation" }).fill("10");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("alert").getByText("No suitable runtime").waitFor();
    await page.getByText("Why no runtime").waitFor();
    assertEquals(await page.getByText("deno: isolation").count(), 0); // The list has the reasons, and nothing else.
    assert(await page.getByText("below the floor 10").first().isVisible());
    await page.getByRole("textbox", { name: "Least isolation" }).fill("much");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("alert").getByText('"Least isolation, 0 to 10" must be a number: much').waitFor();
  });

  Deno.test("[chromium] a forced runtime stays while it runs the chosen language, and is given up with it", async () => {
    await using opened = await browser.open();
    const { page } = opened;
    await page.route("**/v1/languages", (route) => route.fulfill({ json: { languages: LANGUAGES } }));
    await page.goto(service.borrow().url);
    await page.locator("summary", { hasText: "Chosen by the service" }).click();
    const runtime = page.getByRole("combobox", { name: "Runtime" });
    await runtime.selectOption("deno");
    await chooseLanguage(opened, "javascript");
    assertEquals(await runtime.inputValue(), "deno");
    await chooseLanguage(opened, "python");
    const sending = page.waitForRequest("**/v1/executions");
    await page.getByRole("button", { name: "Run" }).click();
    const sent = (await sending).postDataJSON();
    assertEquals([sent.language, sent.runtime], ["python", undefined]);
  });

  Deno.test("[chromium] a language is searched by its names, chosen by keys, and says what to install where it is missing", async () => {
    await using opened = await browser.open();
    const { page } = opened;
    await page.route("**/v1/languages", (route) => route.fulfill({ json: { languages: LANGUAGES } }));
    await page.goto(service.borrow().url);
    const picker = page.getByRole("combobox", { name: "Language" });
    const options = page.getByRole("listbox", { name: "Languages" }).getByRole("option");
    await picker.click();
    assertEquals(await options.count(), LANGUAGES.length);
    assertEquals(await page.locator(".option[aria-selected=true]").innerText(), "typescript\nts");
    await page.keyboard.type("p");
    assertEquals(await options.allInnerTexts(), [
      "python\npy",
      "typescript\nts",
      "javascript\njs",
      "csharp\ndocker: there is no Docker socket: install Docker Engine",
    ]);
    assertEquals(await findBarriers(opened, EVERY_SCREEN), []);
    await page.keyboard.press("ArrowUp"); // To the last one.
    await page.keyboard.press("Enter");
    assertEquals(await picker.getAttribute("aria-expanded"), "true"); // A missing one is not chosen.
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    assertEquals([await picker.inputValue(), await picker.getAttribute("aria-expanded")], ["python", "false"]);
    await page.keyboard.type("cobol");
    await page.getByText("The service has no language of this name").waitFor();
    await page.keyboard.press("Escape");
    assertEquals(await picker.inputValue(), "python");
    assertEquals(opened.complaints, []);
  });

  Deno.test("[chromium] on a phone the result is in sight as soon as a program begins, and has the keyboard", async () => {
    await using opened = await openConsole(PHONE);
    const { page } = opened;
    await page.getByRole("button", { name: "Run" }).click();
    await page.getByText("Done", { exact: true }).waitFor();
    const result = page.getByRole("region", { name: "Result" });
    const { y = -1 } = await result.boundingBox() ?? {};
    assert(y >= 0 && y < PHONE.height / 2, `the result begins at ${y}`);
    assertEquals(await page.evaluate("document.activeElement.ariaLabel"), "Result");
    const { y: settings = 0 } = await page.getByRole("region", { name: "Settings" }).boundingBox() ?? {};
    assert(settings > y, "the settings are above the result");
  });

  Deno.test("[chromium] the page has a shape in the chosen colours before its script has come", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await page.getByRole("button", { name: "Dark colours" }).click();
    await page.getByRole("button", { name: "Light colours" }).waitFor();
    await page.route("**/console/main.js", () => {});
    await page.reload({ waitUntil: "commit" });
    await page.getByRole("status", { name: "Loading the console" }).waitFor();
    assertEquals(await page.evaluate("getComputedStyle(document.documentElement).colorScheme"), "dark");
    assertEquals(opened.complaints, []);
  });

  Deno.test("[chromium] a page that is opened behind another is filled as soon as it is in sight", async () => {
    await using opened = await browser.open();
    const { page } = opened;
    await page.addInitScript(
      'Object.defineProperty(document, "visibilityState", { configurable: true, value: "hidden" })',
    );
    await page.goto(service.borrow().url);
    await page.getByRole("heading", { name: "Where it would run" }).waitFor();
    await page.getByRole("combobox", { name: "Language" }).click();
    await page.getByText("The service has not answered yet").waitFor();
    await page.evaluate('delete document.visibilityState; document.dispatchEvent(new Event("visibilitychange"))');
    await page.getByRole("option", { name: "typescript" }).waitFor();
  });

  Deno.test("[chromium] nothing of the page is a barrier, dark or light, on a desktop or a phone", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    assertEquals(await findBarriers(opened), []);
    for (const group of ["Input", "Permissions", "Limits", "Runtime"]) {
      await page.locator("summary", { hasText: group }).click();
    }
    await write(opened, 'console.log(1);\nconsole.error(2);\ntry { Deno.env.get("A"); } catch { Deno.exit(1); }');
    await page.keyboard.press("Control+Enter");
    await page.getByRole("heading", { name: "Why this runtime" }).click();
    assertEquals(await findBarriers(opened, EVERY_SCREEN), []);
    assertEquals(opened.complaints, []);
  });

  Deno.test("[chromium] executions are listed, shown in full, followed while they run, and stopped", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    const client = new ApiClient(service.borrow());
    const run = async (code: string, headers: Record<string, string> = {}) =>
      (await client.json("POST", "/v1/executions", { language: "typescript", code, timeoutMs: 59_000 }, headers)).id;
    const ended = await run('console.log("of an earlier one"); Deno.exit(7);');
    const running = await run('console.log("so far"); await new Promise((done) => setTimeout(done, 1e9));', {
      prefer: "respond-async",
    });
    await page.getByRole("link", { name: "Executions" }).click();
    await page.getByRole("row", { name: ended }).getByRole("link", { name: "Exit code 7" }).click();
    await page.getByRole("log").getByText("of an earlier one").waitFor();
    await page.getByRole("link", { name: "Close" }).click();
    await page.getByRole("row", { name: running }).getByRole("link", { name: "Running" }).click();
    await page.getByRole("log").getByText("so far").waitFor();
    assertEquals(await findBarriers(opened), []);
    await page.route(`**/v1/executions/${running}`, (route) => route.abort(), { times: 1 });
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("alert").getByText("cannot be reached").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("region", { name: "Result" }).getByText("Stopped").waitFor();
    assertEquals(await page.getByRole("alert").count(), 0);
    await page.getByRole("radio", { name: "Not run" }).check();
    await page.getByText("There are none.").waitFor();
    await page.getByRole("radio", { name: "All" }).check();
    await page.getByRole("searchbox", { name: "Search executions" }).fill("OF AN EARLIER");
    const rows = page.getByRole("region", { name: "List" }).getByRole("row");
    await rows.filter({ hasText: "so far" }).waitFor({ state: "detached" });
    assertMatch(await rows.last().innerText(), /console\.log\("of an earlier one"\)/);
    await page.getByRole("searchbox", { name: "Search executions" }).fill("no such text");
    await page.getByText("None has this text.").waitFor();
    assertEquals(opened.complaints, []);
  });

  Deno.test("[chromium] an execution that waits is stopped by its id", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await page.route("**/v1/executions/exec_waits/events", () => {}); // It waits for a slot, and says nothing yet.
    await page.goto(`${service.borrow().url}/#/executions/exec_waits`);
    const stopping = page.waitForRequest((request) => request.method() === "DELETE");
    await page.getByRole("region", { name: "Result" }).getByText("Waiting").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    assertEquals(new URL((await stopping).url()).pathname, "/v1/executions/exec_waits");
  });

  Deno.test("[chromium] the live page has the service's figures, a chart of latencies, and closes sessions", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    const client = new ApiClient(service.borrow());
    const { id } = await client.json("POST", "/v1/sessions", { language: "typescript" });
    const readDeno = async () => {
      const { runtimes }: Activity = await client.json("GET", "/v1/activity"); // As the document describes it.
      return runtimes.find(({ runtime }) => runtime === "deno");
    };
    const figuresDiffer = async () => {
      const { executions = 0, pool: { hits, misses, ready } = {} } = await readDeno() ?? {};
      return executions >= 2 && new Set([hits, misses, ready]).size === 3; // None passes for another.
    };
    await until(async () => {
      if (await figuresDiffer()) return true; // The pool is full again, and has one less after a program.
      await client.json("POST", "/v1/executions", { language: "typescript", runtime: "deno", code: "1" });
      return await figuresDiffer();
    }, "the figures of the pool differ");
    await page.getByRole("link", { name: "Live" }).click();
    await page.locator(".chart canvas").waitFor();
    const row = page.getByRole("region", { name: "Latency" }).getByRole("row", { name: "deno" });
    assert(Number(await row.getByRole("cell").first().innerText()) >= 2);
    assertMatch(await row.innerText(), /ms\s\/\s[\d.]+ m?s/);
    assertEquals(await page.locator(".tile dt").allInnerTexts(), ["Running", "Waiting", "Sessions", "Contexts"]);
    assert(((await readDeno())?.steps ?? []).length > 0);
    await until(async () => {
      const { hits = 0, misses = 0, ready } = (await readDeno())?.pool ?? {};
      const figures = (await row.getByRole("cell").allInnerTexts()).slice(-2);
      return figures.join() === `${ready},${Math.round(100 * hits / (hits + misses))} %`;
    }, "the page has the figures of the pool");
    await page.getByRole("radio", { name: "Run time" }).check();
    assertEquals(await findBarriers(opened), []);
    await page.getByRole("button", { name: `Close session ${id}` }).click();
    await page.getByRole("button", { name: `Close session ${id}` }).waitFor({ state: "detached" });
    assertEquals([opened.complaints, [...opened.origins].length], [[], 1]);
  });

  Deno.test("[chromium] the live page says of what it cannot read that it is not known", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await page.route(/\/v1\/(activity|sessions)/, (route) => route.abort());
    await page.getByRole("link", { name: "Live" }).click();
    await page.getByRole("alert").getByText("cannot be reached").waitFor();
    await page.getByText("None of yours runs.").waitFor();
    await page.getByRole("region", { name: "Sessions" }).getByText("Not known.").waitFor();
    assertEquals(await page.getByText("None of yours is open.").count(), 0);
    assertEquals(await page.locator(".tile").allInnerTexts(), ["Running\n0", "Sessions\n–"]);
  });

  Deno.test("[chromium] a notebook keeps variables, shows rich values, and runs none of their scripts", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await openNotebook(opened);
    const cell = (number: number) => page.getByRole("listitem").filter({ has: page.getByLabel(`Cell ${number}`) });
    const runCell = async (number: number, code: string) => {
      await write(opened, code, `Cell ${number}`);
      await page.keyboard.press("Shift+Enter");
      await cell(number).locator(".cell-end").waitFor();
    };
    await runCell(1, 'const readings: number[] = [11, 14];\nconsole.log("kept");\nreadings');
    assertEquals(await cell(1).getByRole("log").innerText(), "kept\n");
    assertEquals(await cell(1).getByLabel("Value").innerText(), "[ 11, 14 ]");
    await runCell(2, `readings.push(9);\nDeno.jupyter.svg\`${SVG}\``);
    assertMatch(await cell(2).getByRole("img").getAttribute("src") ?? "", /^data:image\/svg\+xml,/);
    assertEquals(await page.evaluate("document.querySelector('img.display').naturalWidth"), 60);
    using elsewhere = countConnections();
    await runCell(3, `Deno.jupyter.html\`${htmlThatConnects(elsewhere.origin).replaceAll("\\", "\\\\")}\``);
    const frame = cell(3).frameLocator("iframe");
    await frame.getByText("of a program").waitFor();
    assertEquals(await frame.locator("[srcset], set, animate").count(), 0); // Each gives an address late.
    const looks = await page.evaluate(
      "(({ color, fontWeight }) => [color, fontWeight])(getComputedStyle(document.querySelector('iframe').contentDocument.querySelector('b')))",
    );
    assertEquals(looks, ["rgb(1, 2, 3)", "200"]); // Of a rule, and of an attribute.
    const css = await frame.locator("style, [style]").evaluateAll((all) =>
      all.map((one) => `${one.getAttribute("style")}${one.localName === "style" ? one.textContent : ""}`).join()
    );
    assertEquals(css.includes(elsewhere.origin), false, css);
    assertEquals(await page.evaluate("window.hacked"), undefined);
    await runCell(4, "readings.missing.size");
    await cell(4).getByText("TypeError", { exact: true }).waitFor();
    await write(opened, "await new Promise(() => {})", "Cell 5");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("button", { name: "Stop cell 5" }).click();
    await cell(5).locator(".cell-end").waitFor();
    await write(opened, "readings.length", "Cell 5");
    await page.getByRole("button", { name: "Run cell 5" }).click();
    await cell(5).getByLabel("Value").getByText("3", { exact: true }).waitFor();
    assertEquals(await findBarriers(opened), []);
    const client = new ApiClient(service.borrow());
    assertEquals((await client.json("GET", "/v1/sessions")).sessions.length, 1);
    await page.getByRole("button", { name: "Restart" }).click();
    await page.getByText("No variables").waitFor();
    await page.getByRole("button", { name: "End session" }).click();
    await page.getByText("Its session opens with the first cell").waitFor();
    assertEquals((await client.json("GET", "/v1/sessions")).sessions.length, 0);
    assertEquals(elsewhere.count, 0);
    const others = opened.complaints.filter((text) =>
      !/sandboxed|violates .*Policy.*img-src|inline (event handler|style) violates/s.test(text)
    );
    assertEquals([others, [...opened.origins].length], [[], 1]);
  });

  Deno.test("[chromium] a notebook goes on in a session of its own where its session is closed, and closes it as it goes away", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    const client = new ApiClient(service.borrow());
    await openNotebook(opened);
    await page.getByRole("button", { name: "Run all" }).click();
    await page.getByLabel("Value").waitFor();
    const { sessions: [first] } = await client.json("GET", "/v1/sessions");
    await client.json("DELETE", `/v1/sessions/${first.id}`);
    await write(opened, "1 + 1", "Cell 1");
    await page.getByRole("button", { name: "Run all" }).click();
    await page.getByLabel("Value").getByText("2", { exact: true }).waitFor();
    const { sessions: [second, ...others] } = await client.json("GET", "/v1/sessions");
    assertEquals([second.id === first.id, others.length], [false, 0]);
    await page.goto("about:blank");
    await until(
      async () => (await client.json("GET", "/v1/sessions")).sessions.length === 0,
      "the session is closed",
    );
  });

  Deno.test("[chromium] a notebook's cells are there again after another language, and after a reload", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await openNotebook(opened);
    const language = page.getByRole("combobox", { name: "Language" });
    for (const name of ["javascript", "typescript"]) {
      await language.selectOption(name);
      await write(opened, `"written in ${name}"`, "Cell 1");
    }
    await page.reload();
    await page.getByText("written in typescript").waitFor();
    await language.selectOption("javascript");
    await page.getByText("written in javascript").waitFor();
  });

  Deno.test("[chromium] a notebook has text, takes and gives cells as a file, and keeps outputs over a reload", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await openNotebook(opened);
    await write(opened, "40 + 2", "Cell 1");
    await page.getByRole("button", { name: "Run cell 1" }).click();
    await page.getByLabel("Value").waitFor();
    await page.getByRole("button", { name: "Insert a cell above cell 1" }).click();
    await page.getByRole("button", { name: "Make cell 1 Markdown" }).click();
    await write(opened, "# A *title*", "Cell 1");
    await page.keyboard.press("Control+Enter");
    const text = page.frameLocator("iframe[title='Text of cell 1']");
    await text.getByRole("heading", { name: "A title", level: 1 }).waitFor();
    assertEquals(await findBarriers(opened, EVERY_SCREEN), []);
    await page.reload();
    await page.getByLabel("Value").getByText("42", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Move cell 2 up" }).click();
    await page.frameLocator("iframe[title='Text of cell 2']").getByRole("heading", { name: "A title" }).waitFor();
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save as a notebook file" }).click();
    const saved = await Deno.readFile(await (await saving).path());
    const { cells } = JSON.parse(new TextDecoder().decode(saved));
    assertEquals(cells.map((cell: { source: string[] }) => cell.source), [["40 + 2"], ["# A *title*"]]);
    assertEquals(cells[0].outputs[0].data, { "text/plain": "42" });
    await page.getByRole("button", { name: "Clear all outputs" }).click();
    await page.getByLabel("Value").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Remove cell 2" }).click();
    await page.getByLabel("Notebook to open").setInputFiles({
      ...{ name: "saved.ipynb", mimeType: "application/json", buffer: Buffer.from(saved) },
    });
    await page.getByLabel("Display").getByText("42", { exact: true }).waitFor();
    await text.getByRole("heading").waitFor({ state: "detached" });
    await page.getByLabel("Notebook to open").setInputFiles({
      ...{ name: "no.ipynb", mimeType: "application/json", buffer: Buffer.from("{}") },
    });
    await page.getByRole("alert").getByText("no.ipynb was not opened. It is no notebook of version 4").waitFor();
    assertEquals(opened.complaints, []);
  });

  Deno.test("[chromium] an empty cell is one line high, and grows with its text", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await openNotebook(opened);
    await page.getByRole("button", { name: "Add cell" }).click();
    const heightOf = async () => (await page.getByRole("listitem").last().boundingBox())?.height ?? 0;
    const empty = await heightOf();
    assert(empty < 60, `${empty} pixels`);
    await write(opened, "1;\n2;\n3;\n4", "Cell 2");
    assert(await heightOf() > empty + 55);
  });

  Deno.test("[chromium] a service with keys is asked with one, which its tab keeps", async () => {
    await using locked = await openService({ apiKeys: apiKeysSchema.parse(`console=${KEY}`) });
    await using opened = await browser.open();
    const { page } = opened;
    await page.goto(locked.url);
    const field = page.getByLabel("API key");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("link", { name: "Live" }).click();
    await page.getByRole("heading", { name: "Live" }).waitFor();
    await page.getByRole("alert").first().waitFor();
    assertEquals(await field.count(), 0);
    await page.getByRole("link", { name: "Run" }).click();
    await page.getByRole("button", { name: "Run" }).click(); // An action asks again.
    await field.fill("cb_ключ");
    await page.getByRole("button", { name: "Use the key" }).click();
    await page.getByText("no request can carry").waitFor();
    await field.fill("cb_wrong");
    await page.getByRole("button", { name: "Use the key" }).click();
    await page.getByRole("alert").getByText("does not know this key").waitFor();
    assertEquals(await opened.findBarriers(), []);
    await field.fill(KEY);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Where it would run" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Where it would run" }).waitFor();
    assertEquals(await field.count(), 0);
    assertEquals(await page.evaluate("JSON.stringify([document.cookie, localStorage.length])"), '["",0]');
    await openNotebook(opened);
    await page.getByRole("button", { name: "Run all" }).click();
    await page.getByLabel("Value").waitFor();
    await page.getByRole("button", { name: "Key" }).click();
    await page.getByRole("button", { name: "Forget the key" }).click();
    await field.waitFor();
    const client = new ApiClient(locked, KEY);
    const list = () => client.json("GET", "/v1/sessions");
    await until(async () => (await list()).sessions.length === 0, "the key's session is closed with its key");
    assertEquals(await page.evaluate("sessionStorage.getItem('codebeaker.key')"), null);
  });

  Deno.test("[chromium] the keyboard reaches everything, and leaves the editor by Escape and Tab", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await page.getByRole("textbox", { name: "Program" }).focus();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    assertMatch(await page.evaluate("document.activeElement.innerText"), /^Where it would run/);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("textbox", { name: "Arguments" }).waitFor();
  });

  Deno.test("[chromium] an example takes the place of the program, and runs", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await page.getByRole("button", { name: "Examples" }).click();
    assertEquals(await findBarriers(opened, EVERY_SCREEN), []);
    await page.getByRole("button", { name: "Only compute" }).click();
    assertEquals(await page.getByRole("combobox", { name: "Language" }).inputValue(), "javascript");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("log").getByText("2 3 5 7 11 13").waitFor();
  });

  Deno.test("[chromium] a link opens the program elsewhere, runs nothing, and gives the former program back", async () => {
    await using opened = await openConsole();
    await write(opened, 'console.log("of the link");');
    await opened.page.getByRole("button", { name: "Share" }).click();
    const link = await opened.page.getByRole("textbox", { name: "Link" }).inputValue();
    assertEquals(await findBarriers(opened, EVERY_SCREEN), []);
    await using other = await openConsole();
    const { page } = other;
    await write(other, "mine();");
    await page.goto(link);
    await page.getByText("This program came with a link").waitFor();
    assertEquals([await textOf(other), await page.getByRole("log").count()], ['console.log("of the link");', 0]);
    assertEquals(await findBarriers(other, EVERY_SCREEN), []);
    await page.reload();
    assertEquals(await textOf(other), 'console.log("of the link");');
    await page.goto(link);
    await write(other, "changed();");
    await page.getByRole("button", { name: "Back to my program" }).click();
    assertEquals(await textOf(other), 'console.log("of the link");');
    await page.goto(`${new URL(link).origin}/#/run/no-program`);
    await page.getByRole("alert").getByText("copy it again").waitFor();
    assertEquals([opened.complaints, other.complaints], [[], []]);
  });

  Deno.test("[chromium] tests of a program have a verdict each, and the first that failed shows what was printed", async () => {
    await using opened = await openConsole();
    const { page } = opened;
    await write(opened, "console.log(2 * Number(await new Response(Deno.stdin.readable).text()));");
    await page.locator("summary", { hasText: "Tests" }).click();
    for (const [index, [stdin, expected]] of [["1", "2"], ["2", "5"], ["3", ""]].entries()) {
      await page.getByRole("button", { name: "Add a test" }).click();
      await page.getByRole("textbox", { name: `Input of test ${index + 1}` }).fill(stdin ?? "");
      await page.getByRole("textbox", { name: `Expected output of test ${index + 1}` }).fill(expected ?? "");
    }
    await page.keyboard.press("Control+Enter");
    await page.getByText("2 of 3 tests accepted").waitFor();
    assertEquals(await page.locator(".verdict .badge").allInnerTexts(), ["Accepted", "Wrong answer", "Accepted"]);
    assertEquals(await page.locator(".verdict[open] .output").allInnerTexts(), ["4\n"]);
    assertEquals(await findBarriers(opened, EVERY_SCREEN), []);
    await page.getByRole("button", { name: "Remove test 2" }).click();
    await page.keyboard.press("Control+Enter");
    await page.getByText("2 of 2 tests accepted").waitFor();
  });

  Deno.test("[chromium] a missing module comes with what installs it", async () => {
    await using opened = await openConsole();
    await write(opened, 'import "no-such-module";');
    await opened.page.keyboard.press("Control+Enter");
    const note = await opened.page.getByRole("list", { name: "What may help" }).innerText();
    assertMatch(note, /no-such-module is missing:.*install_packages/);
    assertEquals(await findBarriers(opened), []);
  });

  if (isPresent("python3", await programAvailability("python3"))) {
    Deno.test("[chromium] a cell of a notebook reads the input that it was given, also after a reload", async () => {
      await using own = await openService({}, EVERY_RUNTIME);
      await using opened = await browser.open();
      const { page } = opened;
      await page.goto(own.url);
      await openNotebook(opened, "python");
      await write(opened, 'input("Name? ")', "Cell 1");
      await page.getByRole("button", { name: "Give cell 1 an input" }).click();
      await page.getByRole("textbox", { name: "Standard input of cell 1" }).fill("Ada");
      await page.getByRole("button", { name: "Run cell 1" }).click();
      await page.locator(".cell-body").getByText("'Ada'").waitFor();
      await page.reload();
      assertEquals(await page.getByRole("textbox", { name: "Standard input of cell 1" }).inputValue(), "Ada");
      assertEquals(await findBarriers(opened), []);
    });
  }

  if (PICTURES !== undefined) {
    Deno.test("[chromium] the docs' picture of a program that was refused something is made", async () => {
      await using opened = await openConsole({ height: 940, scale: 1.5 });
      const { page } = opened;
      await write(opened, PROGRAM);
      await page.keyboard.press("Control+Enter");
      await page.getByRole("heading", { name: "Why this runtime" }).click();
      await page.locator("body").click({ position: { x: 1, y: 1 } });
      await take(opened, "console.png");
    });

    Deno.test("[chromium] the docs' picture of a notebook is made", async () => {
      await using opened = await openConsole({ height: 700, scale: 1.5, isDark: true });
      const { page } = opened;
      await openNotebook(opened);
      for (const [index, code] of CELLS.entries()) {
        await write(opened, code, `Cell ${index + 1}`);
        await page.keyboard.press("Shift+Enter");
        await page.locator(".cell-end").nth(index).waitFor();
      }
      await page.getByRole("button", { name: `Remove cell ${CELLS.length + 1}` }).click();
      await page.getByRole("heading", { name: "Notebook" }).click();
      await take(opened, "console_notebook.png");
    });
  }

  const openNotebook = async ({ page }: OpenPage, language = "typescript") => {
    await page.getByRole("link", { name: "Notebook" }).click();
    await page.getByRole("heading", { name: "Notebook" }).waitFor(); // The page that is left has a choice of the same name.
    await page.getByRole("combobox", { name: "Language" }).selectOption(language);
  };

  const textOf = async ({ page }: OpenPage) => await page.getByRole("textbox", { name: "Program" }).innerText();

  const chooseLanguage = async ({ page }: OpenPage, name: string) => {
    await page.getByRole("combobox", { name: "Language" }).fill(name);
    await page.getByRole("listbox", { name: "Languages" }).getByRole("option").first().waitFor();
    await page.keyboard.press("Enter");
  };

  /** What hinders people on some screens, and whether something is too wide for one. */
  const findBarriers = async (opened: OpenPage, screens: readonly Screen[] = LIGHT_AND_DARK): Promise<string[]> => {
    const found: string[] = [];
    for (const [colorScheme, size] of screens) {
      await opened.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await opened.page.setViewportSize(size);
      const barriers = [...await opened.findBarriers(), ...await opened.isTooWide() ? ["too wide"] : []];
      found.push(...barriers.map((barrier) => `${colorScheme}, ${size.width} wide: ${barrier}`));
    }
    return found;
  };

  /** Types as people do: what playwright fills in has the style of what was there, which the policy refuses. */
  const write = async ({ page }: OpenPage, text: string, name = "Program") => {
    await page.getByRole("textbox", { name }).focus();
    await page.keyboard.press("Control+A");
    await page.keyboard.press("Delete");
    await page.keyboard.insertText(text);
  };

  const take = async ({ page }: OpenPage, name: string) => {
    const bytes = await page.screenshot({ caret: "initial", animations: "disabled" });
    await Deno.writeFile(join(PROJECT, PICTURES ?? "", name), bytes);
  };
}

const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><rect width="60" height="20" fill="teal"/></svg>';

/** Tries to run scripts, and to connect to what would learn that somebody looks. */
function htmlThatConnects(origin: string): string {
  const embedding = ["iframe", "frame", "embed"].map((name) => `<${name} src="${origin}/${name}"></${name}>`).join("");
  const hidden = `<div><template shadowrootmode="open"><iframe src="${origin}/shadow"></iframe></template></div>`;
  const twiceParsed =
    `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;<iframe src=${origin}/twice></iframe>"></table></mtext></math>`;
  const styles = `<style>@import "${origin}/import"; b { color: rgb(1, 2, 3); background: u\\72l(${origin}/rule) }
    @font-face { font-family: far; src: url(${origin}/font) } @media all { b { list-style: url(${origin}/media), far } }</style>`;
  return `${styles}<b style="font-weight: 200; background-image: url('${origin}/attribute')">of a program</b><script>parent.hacked = 1</script><img src="${origin}/img" alt="" onerror="parent.hacked = 1">
    <meta http-equiv="refresh" content="0;url=${origin}/meta"><object data="${origin}/object"></object>${embedding}${hidden}
    <link rel="preconnect" href="${origin}"><svg><image href="${origin}/svg"/></svg><a href="${origin}/link">link</a>
    ${twiceParsed}<img alt="" srcset="data:,x 1x, ${origin}/srcset 1.01x" sizes="1px">
    <svg><image width="9" height="9"><set attributeName="href" to="${origin}/set"/></image>
    <image width="9" height="9"><animate attributeName="href" values="${origin}/animate" dur="9s"/></image></svg>`;
}

/** Listens on a port of its own, and counts the connections. */
function countConnections(): Disposable & { readonly origin: string; readonly count: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let count = 0;
  const counting = (async () => {
    for await (const connection of listener) {
      count++;
      connection.close();
    }
  })();
  counting.catch(() => {}); // The listener is closed at the end.
  return {
    origin: `http://127.0.0.1:${listener.addr.port}`,
    get count() {
      return count;
    },
    [Symbol.dispose]: () => listener.close(),
  };
}

/** Languages as the service answers with them, whatever this machine has. */
const LANGUAGES = [
  { name: "typescript", aliases: ["ts"], available: true, runtimes: ["deno", "node"], contexts: true },
  { name: "javascript", aliases: ["js"], available: true, runtimes: ["deno", "node"], contexts: true },
  { name: "python", aliases: ["py"], available: true, runtimes: ["native", "docker"], contexts: true },
  {
    ...{ name: "csharp", aliases: [], available: false, runtimes: ["docker"], contexts: false },
    reason: "docker: there is no Docker socket: install Docker Engine",
  },
];

const CELLS = [
  "const readings = [11, 14, 9, 17, 12];\nconst mean = readings.reduce((sum, celsius) => sum + celsius) / readings.length;\n({ readings, mean })",
  "const bars = readings.map((celsius, day) =>\n  `<rect x='${day * 64}' y='${100 - celsius * 5}' width='52' height='${celsius * 5}' rx='4' fill='#0b7a69'/>`\n);\nDeno.jupyter.svg`<svg xmlns='http://www.w3.org/2000/svg' viewBox='-12 0 332 100' width='332' height='100'>${bars.join('')}</svg>`",
  "readings.at(9).toFixed(1)",
];

const PROGRAM = `const readings = [11, 14, 9, 17, 12];

for (const [day, celsius] of readings.entries()) {
  console.log(\`day \${day + 1}\`, "▇".repeat(celsius), celsius);
}

const response = await fetch("https://example.com/weather");
console.log(await response.json());
`;
