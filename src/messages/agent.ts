/** Before the name of a model: Claude Code with its own tools, instead of the plain model. */
export const agentPrefix = "agent/";
