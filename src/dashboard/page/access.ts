/** The client key, and requests that carry it. Kept for this tab, until it is closed. */

const place = "sluice-client-key";

export function storedKey(): string | undefined {
  return sessionStorage.getItem(place) ?? undefined;
}

export function keepKey(key: string | undefined): void {
  if (key === undefined) sessionStorage.removeItem(place);
  else sessionStorage.setItem(place, key);
}

/** Asks the Sluice that this page came from. */
export function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const key = storedKey();
  if (key !== undefined) headers.set("authorization", `Bearer ${key}`);
  return fetch(path, { ...init, headers, cache: "no-store", credentials: "omit", redirect: "error" });
}

/** What went wrong, in the words of the answer. */
export async function complaint(response: Response): Promise<string> {
  const body = (await response.json().catch(() => undefined)) as { error?: { message?: unknown } } | undefined;
  const said = body?.error?.message;
  return typeof said === "string" ? said : `Sluice answered with status ${response.status}.`;
}
