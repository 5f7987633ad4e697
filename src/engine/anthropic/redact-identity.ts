import { createHmac } from "node:crypto";
import { readOrCreateKey } from "../../key-file.ts";

/** Whom a request is not to tell of. */
export interface Identity {
  /** The pseudonym of a `metadata.user_id`; that of a pseudonym is itself. */
  readonly userId: (original: string) => string;
  /** The person's home folder. */
  readonly home: string | undefined;
}

/**
 * The pseudonyms of this installation, from a random secret in its state folder. They tell nothing to whoever has not
 * got the secret, and are the same after a restart. Throws where the secret can be neither read nor made.
 */
export function openIdentity(folder: string, env: Readonly<Record<string, string | undefined>>): Identity {
  const secret = readOrCreateKey(folder, "pseudonym.key");
  const digest = (text: string) => createHmac("sha256", secret).update(text).digest("hex").slice(0, 32);
  // The second half is there to know one's own pseudonyms by.
  const whole = (half: string) => half + digest(`pseudonym ${half}`);
  return {
    userId: (original) => (whole(original.slice(0, 32)) === original ? original : whole(digest(personOf(original)))),
    home: env["HOME"] || env["USERPROFILE"] || undefined,
  };
}

/**
 * What in a user id stands for the person. Claude Code puts its session beside it, in JSON text or, in earlier versions, behind
 * `_session_`: with it, an id would be a stable one of nobody, and tell when each session begins.
 */
function personOf(userId: string): string {
  return userId.replace(/"(?:parent_)?session_id":"[^"]*"|_session_[\w-]{1,64}$/g, "");
}
