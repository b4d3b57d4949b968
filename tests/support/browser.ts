import { existsSync } from "node:fs";
import axe from "axe-core";
import type { Browser, Page, Request } from "playwright-core";
import type { Availability } from "../../src/core/capabilities.ts";

/** The shell takes half the processor time of the whole browser, which does where there is no other. */
const PATHS = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"] as const;
/** A test waits as long as a busy machine takes. */
const PATIENCE_MS = 60_000;

/** Whether this machine has a browser, and playwright's package to drive it. */
export async function browserAvailability(): Promise<Availability> {
  if (findBrowser() === undefined) return { available: false, reason: `there is no ${PATHS.join(", and no ")}` };
  try {
    await import("playwright-core");
    return { available: true };
  } catch (error) {
    return { available: false, reason: `there is no playwright-core: ${error}` };
  }
}

function findBrowser(): string | undefined {
  return PATHS.find((path) => existsSync(path));
}

/** One browser for all tests of a file. */
export function shareBrowser(): { open(options?: PageOptions): Promise<OpenPage> } {
  let browser: Browser | undefined;
  Deno.test.beforeAll(async () => {
    const { chromium } = await import("playwright-core");
    const executablePath = findBrowser();
    if (executablePath === undefined) throw new Error("Tests without a browser are skipped: ask browserAvailability()");
    browser = await chromium.launch({ executablePath, args: ["--disable-gpu"] });
  });
  Deno.test.afterAll(async () => await browser?.close());
  return {
    async open(options = {}) {
      if (browser === undefined) throw new Error("The browser runs while tests do, and not before");
      return await OpenPage.open(browser, options);
    },
  };
}

/** How a page looks at first. */
export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly isDark?: boolean;
  /** Pixels of the screen for each of the page's. */
  readonly scale?: number;
}

/** A page of its own, with what it complained about and where it sent requests. */
export class OpenPage implements AsyncDisposable {
  readonly page: Page;
  /** Errors of scripts, and what the policy of the page refused. */
  readonly complaints: string[] = [];
  readonly #requests: Request[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("console", (message) => {
      if (message.type() !== "error") return;
      const isAnswer = message.text().startsWith("Failed to load resource"); // A problem that the test asks for.
      if (!isAnswer) this.complaints.push(message.text());
    });
    page.on("pageerror", ({ message }) => this.complaints.push(message));
    page.on("request", (request) => this.#requests.push(request));
  }

  static async open(browser: Browser, { height = 860, isDark = false, scale = 1, width = 1280 }: PageOptions) {
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: isDark ? "dark" : "light",
      deviceScaleFactor: scale,
      reducedMotion: "reduce", // Colours that change are measured on their way.
    });
    context.setDefaultTimeout(PATIENCE_MS);
    return new OpenPage(await context.newPage());
  }

  /** Where it sent requests. Those that its policy refused were not sent. */
  get origins(): ReadonlySet<string> {
    const sent = this.#requests.filter((request) => request.failure()?.errorText !== "csp");
    return new Set(
      sent.map((request) => new URL(request.url())).filter(({ protocol }) => protocol !== "data:").map(({ origin }) =>
        origin
      ),
    );
  }

  /** Finds what hinders people, as far as a program can (axe-core). */
  async findBarriers(): Promise<string[]> {
    if (!await this.page.evaluate<boolean>("'axe' in window")) await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate<axe.AxeResults>('axe.run({ resultTypes: ["violations"] })');
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
  }

  /** Whether the page is wider than its window, or a card shows only a part of its content. */
  async isTooWide(): Promise<boolean> {
    return await this.page.evaluate(
      "[document.documentElement, ...document.querySelectorAll('.card')].some((one) => one.scrollWidth > one.clientWidth + 1)",
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
