import type { Dialect } from "../dialect.ts";
import { decode } from "./decode.ts";
import { encodeError } from "./errors.ts";
import { encodeModel, encodeModels } from "./models.ts";

/** The OpenAI Chat Completions API. */
export const chat: Dialect = { name: "chat", decode, encodeError, encodeModels, encodeModel };
