import type { CommandDef } from "citty";

/** Every command by its name, loaded when it is needed: none waits for another's modules. */
export const commands: Readonly<Record<string, () => Promise<CommandDef>>> = {
  serve: async () => (await import("./serve.ts")).serve,
  demo: async () => (await import("./demo.ts")).demo,
  config: async () => (await import("./config.ts")).config,
  usage: async () => (await import("./usage.ts")).usage,
  doctor: async () => (await import("./doctor.ts")).doctor,
  service: async () => (await import("./service.ts")).service,
  connect: async () => (await import("./connect.ts")).connect,
  completions: async () => (await import("./completions.ts")).completions,
};
