interface Task {
  /** Counts all tasks: the lower, the longer it waits. */
  readonly order: number;
  readonly run: () => void;
}

/** Tasks that wait to be run, in lanes: within one lane in the order in which they were posted. */
export class Lanes {
  readonly #lanes = new Map<string, Task[]>();
  /** Every task that was posted, in order; those that were run out of turn are skipped. */
  #inOrder: { readonly lane: string; readonly order: number }[] = [];
  #next = 0;
  #posted = 0;

  post(lane: string, run: () => void): void {
    const tasks = this.#lanes.get(lane) ?? [];
    tasks.push({ order: this.#posted, run });
    this.#inOrder.push({ lane, order: this.#posted });
    this.#posted += 1;
    this.#lanes.set(lane, tasks);
  }

  /** Lanes with a task, the longest waiting first. */
  get waiting(): readonly string[] {
    return [...this.#lanes]
      .toSorted(([, [a]], [, [b]]) => (a?.order ?? 0) - (b?.order ?? 0))
      .map(([lane]) => lane);
  }

  /** Runs the first task of a lane. */
  run(lane: string): void {
    const tasks = this.#lanes.get(lane);
    const task = tasks?.shift();
    if (tasks?.length === 0) this.#lanes.delete(lane);
    task?.run();
  }

  /** Drops what waits in some lanes. */
  clear(which: (lane: string) => boolean): void {
    for (const lane of [...this.#lanes.keys()].filter(which)) this.#lanes.delete(lane);
  }

  /** Runs the task that waits the longest. @returns false where none waits */
  runOldest(): boolean {
    while (this.#next < this.#inOrder.length) {
      const { lane, order } = this.#inOrder[this.#next] as { lane: string; order: number };
      this.#next += 1;
      if (this.#lanes.get(lane)?.[0]?.order !== order) continue;
      this.run(lane);
      return true;
    }
    this.#inOrder = [];
    this.#next = 0;
    return false;
  }
}
