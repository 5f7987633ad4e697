/** What a check has found. */
export interface Finding {
  /** A warning keeps nothing from working now; a problem does. */
  readonly level: "ok" | "warning" | "problem";
  /** A sentence. */
  readonly message: string;
  /** The command that mends it, where there is one. */
  readonly mend?: string | undefined;
}

export const ok = (message: string): Finding => ({ level: "ok", message });
export const warning = (message: string, mend?: string): Finding => ({ level: "warning", message, mend });
export const problem = (message: string, mend?: string): Finding => ({ level: "problem", message, mend });

/** What is wrong with something that throws a sentence. */
export function problemOf(error: unknown, mend?: string): Finding {
  return problem(error instanceof Error ? error.message : String(error), mend);
}

/** A path for a shell. */
export function quote(path: string): string {
  return /^[\w./@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
