/**
 * Known requests with wrong arguments: the receiver answers and lives (section 8, F17).
 *
 * @module
 */

import type { Bytes } from "./bytes.ts";
import { describeResponse, type SidePoint, type SideStage } from "../side.ts";
import { Failure } from "../verdict.ts";

/** Points that number a table of requests with wrong arguments. */
export function argumentPoints(
  table: readonly (readonly [title: string, bytes: Bytes])[],
): readonly SidePoint[] {
  return table.map(([title, bytes], i): SidePoint => ({
    id: `F17.${i + 1}`,
    title: `Refuses a known request with ${title}`,
    section: "6.1, 8",
    level: "should",
    advice: "Answer Error invalid_argument and go on; do not guess what was meant",
    needs: "H10",
    run: (stage) => refuses(stage, bytes),
  }));
}

async function refuses(stage: SideStage, bytes: Bytes): Promise<void> {
  const side = await stage.shared();
  const id = side.nextId;
  side.plaintext(bytes(id));
  const response = await side.response(id);
  const codes = ["invalid_argument"];
  // Without the version exchange nobody has said which requests there are.
  if (!side.knowsVersion) codes.push("unknown_request");
  if (response.type === "Error" && codes.includes(response.code)) return;
  throw new Failure("Error invalid_argument", describeResponse(response));
}
