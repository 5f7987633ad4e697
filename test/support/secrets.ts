/** Secrets that every Sluice of the tests is given, and the search for them in all that it says. */

export const secrets = {
  /** In the environment, for Claude Code. */
  apiKey: "sk-ant-api03-only-for-tests-4vQm8ZtR2xKc",
  /** In the environment, and nobody's business. */
  deployToken: "only-for-tests-Wq7nLs5YbH3e",
  /** For tests that set a client key. */
  clientKey: "only-for-tests-J9dTf6PzXu1a",
} as const;

/** Throws where one of the secrets, whole or a good part of it, stands in what a Sluice has said. */
export function expectNoSecrets(...outputs: readonly string[]): void {
  for (const output of outputs) {
    for (const [name, secret] of Object.entries(secrets)) {
      // What tells one from the other stands at the end.
      const at = output.indexOf(secret.slice(-12));
      if (at !== -1) throw new Error(`The ${name} is told: ${output.slice(Math.max(0, at - 200), at + 12)}`);
    }
  }
}
