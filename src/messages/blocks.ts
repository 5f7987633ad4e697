import type { AnswerBlock, BlockDelta } from "./types.ts";

/** A block of an answer as a stream begins it. */
export function emptied(block: AnswerBlock): AnswerBlock {
  switch (block.type) {
    case "text":
      return { ...block, text: "" };
    case "thinking":
      return { ...block, thinking: "", signature: "" };
    case "tool_use":
      return { ...block, input: {} };
    case "redacted_thinking":
      return block;
  }
}

/** The deltas that make a block of what a stream begins with; none for what is empty. */
export function deltasOf(block: AnswerBlock): BlockDelta[] {
  switch (block.type) {
    case "text":
      return block.text === "" ? [] : [{ type: "text_delta", text: block.text }];
    case "thinking": {
      const { thinking, signature } = block;
      return [
        ...(thinking === "" ? [] : [{ type: "thinking_delta", thinking } as const]),
        ...(signature === "" ? [] : [{ type: "signature_delta", signature } as const]),
      ];
    }
    case "tool_use": {
      const partial_json = JSON.stringify(block.input);
      return partial_json === "{}" ? [] : [{ type: "input_json_delta", partial_json }];
    }
    case "redacted_thinking":
      return [];
  }
}
