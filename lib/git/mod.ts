/**
 * The Git PACK format as bob uses it to carry one file or one directory (bob protocol, sections
 * 7 and 10). Reading begins with {@linkcode PackReader}, writing with {@linkcode packFile} and
 * {@linkcode packDirectory}.
 *
 * @module
 */

export * from "./commit.ts";
export * from "./constants.ts";
export * from "./delta.ts";
export * from "./directory_plan.ts";
export * from "./directory_tree.ts";
export * from "./fault.ts";
export * from "./hash.ts";
export * from "./object_header.ts";
export * from "./object_index.ts";
export * from "./object_store.ts";
export * from "./pack_reader.ts";
export * from "./pack_writer.ts";
export * from "./random_access.ts";
export * from "./resolve_directory.ts";
export * from "./tree.ts";
