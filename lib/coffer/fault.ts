/**
 * What can go wrong with coffer's files and sessions. No message holds a secret: no value of an
 * entry, no key of a key file, nothing that a peer sent unless escaped.
 *
 * @module
 */

import { escapeControls } from "../log/escape.ts";

/** Longest text that is quoted whole, in UTF-16 units. */
const MAX_QUOTED = 200;

/** The kinds of faults. */
export type CofferFaultCode =
  | "bad-key-file" // not a key file, or its halves do not belong together
  | "bad-key" // not a usable public key
  | "bad-definition" // the plaintext definition has errors
  | "bad-seal" // a box that cannot be opened with this key
  | "bad-frame" // a header that neither framing allows
  | "bad-message" // a message that is not allowed in this state
  | "bad-reply" // opened, but not a list of entries
  | "bad-variable" // an entry that cannot be handed to a program
  | "not-authenticated" // a reply that does not prove the server's key
  | "unknown-key" // the server answered KeyNotFound
  | "refused" // the server answered Error
  | "closed" // the server ended the stream before it had answered
  | "timeout"; // no answer in time

/** One error of a definition. */
export interface Problem {
  /** Line, from 1. */
  readonly line: number;
  /** Column, from 1. */
  readonly column: number;
  /** What is wrong, naming keys but never values. */
  readonly reason: string;
}

/** A fault of coffer. */
export class CofferFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "CofferFault";
  /** Which kind of fault. */
  readonly code: CofferFaultCode;
  /** With `bad-definition`: everything that is wrong, in the order of the file. */
  readonly problems: readonly Problem[];

  /** The message is for the log and the user, never for the peer. */
  constructor(code: CofferFaultCode, message: string, problems: readonly Problem[] = []) {
    super(message);
    this.code = code;
    this.problems = problems;
  }
}

/** A problem as compilers print it. */
export function formatProblem(file: string, problem: Problem): string {
  return `${file}:${problem.line}:${problem.column}: ${problem.reason}`;
}

/** A text from elsewhere in quotes, made safe to print, and cut when it is long. */
export function quote(text: string): string {
  const cut = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}...` : text;
  return `"${escapeControls(cut)}"`;
}
