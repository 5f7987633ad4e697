/**
 * The part of OpenClaw's plugin SDK that the plugin uses. `openclaw` is 650 MB, so that it is none of our dependencies:
 * this stands for it here, and `bun run test:clients openclaw` checks the plugin against the real one.
 */
declare module "openclaw/plugin-sdk/plugin-entry" {
  export interface OpenClawConfig {
    models?: { mode?: "merge" | "replace"; providers?: Record<string, ModelProviderConfig> };
    agents?: {
      defaults?: {
        model?: string | { primary?: string; fallbacks?: string[] };
        models?: Record<string, { alias?: string }>;
      };
    };
    plugins?: { entries?: Record<string, { config?: Record<string, unknown> }> };
  }

  interface ModelProviderConfig {
    baseUrl: string;
    apiKey?: string | { source: string; provider: string; id: string };
    api?: "anthropic-messages" | "openai-completions" | "openai-responses";
    timeoutSeconds?: number;
    localService?: LocalService;
    models: ModelDefinition[];
  }

  interface LocalService {
    command: string;
    args?: string[];
    healthUrl?: string;
    readyTimeoutMs?: number;
    idleStopMs?: number;
  }

  interface ModelDefinition {
    id: string;
    name: string;
    reasoning: boolean;
    input: ("text" | "image")[];
    cost: { input: number; output: number; cacheRead: number; cacheWrite: number };
    contextWindow?: number;
    maxTokens: number;
  }

  export interface OpenClawPluginApi {
    /** The plugin's package. */
    rootDir?: string;
    registerProvider(provider: ProviderPlugin): void;
    registerService(service: OpenClawPluginService): void;
    runtime: {
      config: {
        mutateConfigFile(change: {
          afterWrite: { mode: "auto" };
          mutate(draft: OpenClawConfig): void;
        }): Promise<unknown>;
      };
      llm: {
        /** Undefined when the provider has no `localService`. */
        acquireLocalService(
          target: { providerId: string; baseUrl: string },
          signal?: AbortSignal,
        ): Promise<{ release(): void } | undefined>;
      };
    };
  }

  export interface ProviderPlugin {
    id: string;
    label: string;
    auth: ProviderAuthMethod[];
    catalog?: ProviderCatalog;
    staticCatalog?: ProviderCatalog;
  }

  interface ProviderAuthMethod {
    id: string;
    label: string;
    hint?: string;
    kind: "custom";
    run(context: ProviderAuthContext): Promise<ProviderAuthResult>;
    runNonInteractive?(context: ProviderAuthMethodNonInteractiveContext): Promise<OpenClawConfig | null>;
  }

  export interface ProviderAuthContext {
    config: OpenClawConfig;
    signal?: AbortSignal;
    prompter: {
      text(question: {
        message: string;
        initialValue?: string;
        validate?: (value: string) => string | undefined;
      }): Promise<string>;
    };
  }

  export interface ProviderAuthResult {
    profiles: never[];
    configPatch?: Partial<OpenClawConfig>;
    defaultModel?: string;
    notes?: string[];
  }

  export interface ProviderAuthMethodNonInteractiveContext {
    config: OpenClawConfig;
    opts: Record<string, unknown>;
    runtime: { error(message: string): void; exit(code: number): void };
  }

  interface ProviderCatalog {
    order?: "simple";
    run(context: ProviderCatalogContext): Promise<ProviderCatalogResult>;
  }

  export interface ProviderCatalogContext {
    config: OpenClawConfig;
    signal?: AbortSignal;
  }

  export type ProviderCatalogResult = { provider: ModelProviderConfig } | null;

  export interface OpenClawPluginService {
    id: string;
    /** It is restarted when one of these paths of the config changes. */
    reload?: { configPrefixes: readonly string[] };
    start(context: OpenClawPluginServiceContext): void | Promise<void>;
    stop?(context: OpenClawPluginServiceContext): void | Promise<void>;
  }

  export interface OpenClawPluginServiceContext {
    config: OpenClawConfig;
    logger: { info(message: string): void; warn(message: string): void; error(message: string): void };
    serviceHealth?: { reportFailure(error: unknown): void; clearFailure(): void };
  }

  export interface OpenClawPluginDefinition {
    id: string;
    name: string;
    description: string;
    register(api: OpenClawPluginApi): void;
  }
}
