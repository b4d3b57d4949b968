import { containsCidr, excludeCidr } from "cidr-tools";

/**
 * IPv4 networks that are not the public internet. They are this host, private, shared, link-local (with the clouds'
 * metadata services), protocol assignments, documentation, benchmarking, multicast and reserved (IANA's special-purpose
 * address registry).
 */
const PRIVATE_NETWORKS = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];

/** The private networks without those that the operator has opened, as CIDR blocks. */
export function closedNetworks(opened: readonly string[]): string[] {
  return opened.length === 0 ? PRIVATE_NETWORKS : excludeCidr(PRIVATE_NETWORKS, [...opened]);
}

/** Whether an IPv4 address lies in a private network that the operator has not opened. */
export function isClosedAddress(address: string, opened: readonly string[]): boolean {
  return containsCidr(closedNetworks(opened), address);
}
