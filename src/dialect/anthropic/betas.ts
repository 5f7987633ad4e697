/**
 * Betas that say who is asking, not what for: Claude Code sends its own, and a client's would change how it identifies
 * itself.
 */
const identities = /^(claude-code|oauth)-/;

/** More than any client asks for: what is longer is no list of betas. */
const most = 32;

/** The betas that the header `anthropic-beta` asks for and the upstream may be told of. */
export function toBetas(header: string | null): string[] | undefined {
  const names = (header ?? "").split(",").map((name) => name.trim());
  const betas = names.filter((name) => /^[a-z0-9][a-z0-9.-]{0,99}$/.test(name) && !identities.test(name));
  return betas.length > 0 && betas.length <= most ? [...new Set(betas)] : undefined;
}
