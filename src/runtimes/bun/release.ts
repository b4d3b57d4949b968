import type { Release } from "../ecmascript/release.ts";

/**
 * The release of Bun that is installed. npm's own package of Bun needs a script that takes the binary from one of these
 * packages.
 */
export const RELEASE: Release = {
  binary: "bun",
  packages: {
    "linux-x86_64": {
      name: "@oven/bun-linux-x64",
      version: "1.4.5",
      integrity: "sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==",
    },
    "linux-aarch64": {
      name: "@oven/bun-linux-aarch64",
      version: "1.4.5",
      integrity: "sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==",
    },
  },
};
