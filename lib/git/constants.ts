/**
 * Numbers of the PACK format as bob uses it, and the limits of ours.
 *
 * @module
 */

/** Length of a SHA-1, which names objects and ends a pack, in bytes. */
export const HASH_BYTES = 20;

/** Length of a pack's header: `PACK`, the version, the number of objects. */
export const PACK_HEADER_BYTES = 12;

/** The only pack version that bob writes. */
export const PACK_VERSION = 2;

/** The longest piece that a sender may put into one record (section 6.1). */
export const MAX_PIECE_BYTES = 32767;

/**
 * Bytes of a size or an offset in front of an object. Eight of them hold 53 bits in an object
 * header, exactly what a number can count.
 */
export const MAX_VARINT_BYTES = 8;

/** Objects in one pack that a reader takes unless told otherwise: a million files and folders. */
export const DEFAULT_MAX_OBJECTS = 1 << 20;

/** Files and folders that a received directory may have when every reference is followed. */
export const DEFAULT_MAX_ENTRIES = 1 << 20;

/** Folders inside folders; more could not be created on common systems (4096 bytes of path). */
export const MAX_DIRECTORY_DEPTH = 256;

/** One tree object, which is read as a whole: about 400,000 entries. */
export const MAX_TREE_BYTES = 1 << 24;

/** One commit object of bob's: a name, a hash and a number. */
export const MAX_COMMIT_BYTES = 1 << 12;

/** Deltas upon deltas; the reference writes up to 50 (section 7.2). */
export const MAX_DELTA_DEPTH = 50;

/** Objects up to this size are inflated in one call when all their bytes are there. */
export const MAX_WHOLE_BYTES = 1 << 16;

/** Size of the pieces in which larger content is handed out. */
export const CHUNK_BYTES = 1 << 16;
