import { isClosedAddress } from "../core/permissions/private_networks.ts";

/**
 * Every address of this machine that the operator has not opened. IPv6 addresses are in brackets. A program must not
 * reach the service by another of its names.
 */
export function ownAddresses(openNetworks: readonly string[]): string[] {
  return Deno.networkInterfaces()
    .filter(({ family, address }) => family === "IPv6" || !isOpen(address, openNetworks))
    .map(({ family, address }) => family === "IPv6" ? `[${address}]` : address);
}

function isOpen(address: string, openNetworks: readonly string[]): boolean {
  return isClosedAddress(address, []) && !isClosedAddress(address, openNetworks);
}
