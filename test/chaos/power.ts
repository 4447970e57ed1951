/** Power that goes at a chosen moment: between two things that a process does to the world. */
import { PowerCut } from '../contracts/simulated-disk.ts';

export class Power {
  /** What was begun so far. */
  acts = 0;
  #on = true;
  readonly #failsAt: number;

  /** @param failsAt number of the act, from 0, that does not happen any more */
  constructor(failsAt: number) {
    this.#failsAt = failsAt;
  }

  get on(): boolean {
    return this.#on;
  }

  /** To be called before whatever others can see, or find later. @throws PowerCut */
  readonly act = (): void => {
    if (this.acts === this.#failsAt) this.#on = false;
    if (!this.#on) throw new PowerCut('the power is gone');
    this.acts += 1;
  };

  off(): void {
    this.#on = false;
  }
}

/** Decisions that are the same in every run of a test. */
export function seededChance(seed: number): () => boolean {
  let state = (Math.imul(seed, 2_654_435_761) ^ 0x9e3779b9) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 31 === 1;
  };
}
