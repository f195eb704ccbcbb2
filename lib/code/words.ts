/**
 * Generated codes: two pronounceable words of seven letters, consonant and vowel in turn, from the
 * alphabet of proquints. Each word has 22 bits, so a code has 44.
 *
 * @module
 */

const CONSONANTS = "bdfghjklmnprstvz";
const VOWELS = "aiou";
const LETTERS_PER_WORD = 7;
const BYTES_PER_WORD = 3;

/** Makes random bytes. */
export type RandomBytes = (length: number) => Uint8Array;

/** Random bytes of the system. */
export function systemRandom(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** A code such as `lusabag-gutihuz`. */
export function generateCode(randomBytes: RandomBytes = systemRandom): string {
  return `${generateWord(randomBytes)}-${generateWord(randomBytes)}`;
}

/** Whether a code has the form of a generated one, and so 44 bits that nobody guesses. */
export function isGeneratedCode(code: string): boolean {
  const word = `(?:[${CONSONANTS}][${VOWELS}]){3}[${CONSONANTS}]`;
  return new RegExp(`^${word}-${word}$`).test(code);
}

function generateWord(randomBytes: RandomBytes): string {
  const [a = 0, b = 0, c = 0] = randomBytes(BYTES_PER_WORD);
  let bits = (a << 16) | (b << 8) | c; // 24 bits, of which 22 are used
  let word = "";
  for (let i = 0; i < LETTERS_PER_WORD; i++) {
    const alphabet = i % 2 === 0 ? CONSONANTS : VOWELS;
    word += alphabet[bits % alphabet.length];
    bits = Math.floor(bits / alphabet.length);
  }
  return word;
}
