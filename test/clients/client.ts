import type { Stage } from "./stage.ts";
import type { Steps } from "./task.ts";

/** One way of one client to Sluice. */
export interface Client {
  /** The path that it asks. */
  readonly api: string;
  readonly steps: Steps;
  /** The hosts of its vendor that it asks whatever it is told. */
  readonly hosts?: readonly string[];
  /** Has the client do the task. What is the same for all is checked after it; what is not, here. */
  perform(stage: Stage): Promise<void>;
}
