/** People export for their clients what `sluice serve` prints, and start Sluice from the same shell. */

/** What stands for a client key in the lines that `sluice serve` prints, where none is needed. */
export const placeholderKey = "sluice";

/** Whether an address is that of the Sluice that listens on a host and port. */
export function pointsAt(address: string | undefined, host: string, port: number): boolean {
  if (address === undefined || !URL.canParse(address)) return false;
  const url = new URL(address);
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const itsPort = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  return itsPort === port && (name === host || /^(localhost|127\..*|::1|0\.0\.0\.0|::)$/.test(name));
}
