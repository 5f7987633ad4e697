/** A Sluice as a client reaches it. */
export interface Connection {
  /** Without `/v1`, and without a slash at the end. */
  readonly url: string;
  /** The key that clients must send; undefined: any will do. */
  readonly key: string | undefined;
  /** The first one is the one to begin with. */
  readonly models: readonly [string, ...string[]];
}

/** How one client is told about Sluice. */
export interface Client {
  /** Where its snippet goes, as a person would say it. */
  readonly place: string;
  /** Just what belongs there. */
  snippet(connection: Connection): string;
  /** What else there is to do, a line each. */
  hints(connection: Connection): readonly string[];
}
