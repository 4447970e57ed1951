/** An outcome that somebody asked for and that comes later, if at all. */
export class Pending<T> {
  #outcome: Promise<T> | undefined;
  #settle: (outcome: T) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** What is awaited; undefined where nothing is. */
  get outcome(): Promise<T> | undefined {
    return this.#outcome;
  }

  begin(): Promise<T> {
    const outcome = new Promise<T>((resolve, reject) => {
      this.#settle = resolve;
      this.#reject = reject;
    });
    // Whoever awaits it hears of a failure; perhaps nobody does yet.
    outcome.catch(() => {});
    this.#outcome = outcome;
    return outcome;
  }

  settle(outcome: T): void {
    this.#outcome = undefined;
    this.#settle(outcome);
  }

  reject(error: unknown): void {
    this.#outcome = undefined;
    this.#reject(error);
  }
}
