/**
 * The built-in text encoder: hashed word and character n-grams under a sparse sign projection (Weinberger et al., Feature Hashing for
 * Large Scale Multitask Learning, 2009). It has no weights and learns nothing from a corpus, so it needs no download and tells nothing
 * about anybody's texts. It knows words, not meanings: a learned embedding routes better where one is at hand. What is a letter, and its
 * lower case, is what the platform's Unicode tables say; they differ between platforms in newly assigned characters only.
 */

export const HASHED_NGRAMS = 'hashed-ngrams-1024';
export const HASHED_NGRAMS_DIMENSIONS = 1024;

/** Norm of each kind of n-gram before the whole is normalised: words, pairs of words, characters of a word. */
const BLOCK_WEIGHTS = { word: 1, pair: 0.5, characters: 0.7 } as const;
type Block = keyof typeof BLOCK_WEIGHTS;

const BLOCK_SEEDS: Readonly<Record<Block, number>> = { word: 1, pair: 2, characters: 3 };
const SHORTEST_GRAM = 3;
const LONGEST_GRAM = 5;
/** Words of this many characters count in full; shorter ones are mostly grammar, and stand in for what IDF would damp. */
const FULL_LENGTH = 6;
/** Coordinates that one n-gram touches: with two, a collision blurs half of an n-gram. */
const PROJECTIONS = 2;
const WORD_BOUNDARY = 0x20;

/**
 * @param text of any language; letter case, compatibility forms (NFKC) and the values of digits do not matter
 * @returns 1024 values of norm 1 to single precision; all zero where the text has no letter and no digit
 */
export function encodeHashedNgrams(text: string): Float32Array {
  const words = wordsOf(text);
  const vector = new Float64Array(HASHED_NGRAMS_DIMENSIONS);
  addBlock(vector, 'word', wordGrams(words));
  addBlock(vector, 'pair', pairGrams(words));
  addBlock(vector, 'characters', characterGrams(words));
  const norm = normOf(vector);
  return Float32Array.from(vector, (value) => (norm > 0 ? value / norm : 0));
}

function wordsOf(text: string): readonly string[] {
  const plain = text.normalize('NFKC').toLowerCase().replaceAll(/\p{N}/gu, '0');
  return plain.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

/** Hash of each n-gram, and its mass: the sum over its occurrences of the emphases of its two words (or of its word, twice). */
type Grams = Map<number, number>;

function emphasis(word: string): number {
  return Math.min(1, word.length / FULL_LENGTH) ** 2;
}

function addGram(grams: Grams, hash: number, mass: number): void {
  const mixed = mix(hash);
  grams.set(mixed, (grams.get(mixed) ?? 0) + mass);
}

function wordGrams(words: readonly string[]): Grams {
  const grams: Grams = new Map();
  for (const word of words) addGram(grams, hashWord(BLOCK_SEEDS.word, word), emphasis(word) ** 2);
  return grams;
}

function pairGrams(words: readonly string[]): Grams {
  const grams: Grams = new Map();
  words.forEach((word, i) => {
    const before = words[i - 1];
    if (before === undefined) return;
    const hash = hashWord(hashUnit(hashWord(BLOCK_SEEDS.pair, before), WORD_BOUNDARY), word);
    addGram(grams, hash, emphasis(before) * emphasis(word));
  });
  return grams;
}

/** Of 3 to 5 code units inside a word, its boundaries counted as one unit each. */
function characterGrams(words: readonly string[]): Grams {
  const grams: Grams = new Map();
  for (const word of words) {
    const mass = emphasis(word) ** 2;
    const bounded = ` ${word} `;
    for (let start = 0; start + SHORTEST_GRAM <= bounded.length; start++) {
      let hash = BLOCK_SEEDS.characters;
      const end = Math.min(bounded.length, start + LONGEST_GRAM);
      for (let i = start; i < end; i++) {
        hash = hashUnit(hash, bounded.charCodeAt(i));
        if (i - start + 1 >= SHORTEST_GRAM) addGram(grams, hash, mass);
      }
    }
  }
  return grams;
}

/** Projects the square roots of the masses, so that a word said ten times does not count ten times, and adds them with the block's norm. */
function addBlock(vector: Float64Array, block: Block, grams: Grams): void {
  const projected = new Float64Array(vector.length);
  for (const [hash, mass] of grams) {
    const value = Math.sqrt(mass);
    for (let i = 0; i < PROJECTIONS; i++) {
      const bits = mix(hash + i * GOLDEN_RATIO);
      const at = bits % HASHED_NGRAMS_DIMENSIONS;
      const sign = (bits & HASHED_NGRAMS_DIMENSIONS) === 0 ? -1 : 1;
      projected[at] = (projected[at] as number) + sign * value;
    }
  }
  const norm = normOf(projected);
  if (norm === 0) return;
  const factor = BLOCK_WEIGHTS[block] / norm;
  for (let j = 0; j < vector.length; j++) {
    vector[j] = (vector[j] as number) + factor * (projected[j] as number);
  }
}

function normOf(vector: Float64Array): number {
  let square = 0;
  for (const value of vector) square += value * value;
  return Math.sqrt(square);
}

const FNV_PRIME = 0x01000193;
/** 2^32 divided by the golden ratio: apart from its neighbours in every bit. */
const GOLDEN_RATIO = 0x9e3779b9;

/** One step of FNV-1a, on code units of UTF-16 instead of bytes. */
function hashUnit(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, FNV_PRIME);
}

function hashWord(seed: number, word: string): number {
  let hash = seed;
  for (let i = 0; i < word.length; i++) hash = hashUnit(hash, word.charCodeAt(i));
  return hash;
}

/** The 32-bit finaliser of MurmurHash3: FNV-1a alone leaves its low bits too alike. @returns an integer in 0 .. 2^32 - 1 */
function mix(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
