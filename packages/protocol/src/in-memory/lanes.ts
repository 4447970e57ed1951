interface Task {
  /** Counts all tasks: the lower, the longer it waits. */
  readonly order: number;
  readonly run: () => void;
}

/** Tasks that wait to be run, in lanes: within one lane in the order in which they were posted. */
export class Lanes {
  readonly #lanes = new Map<string, Task[]>();
  #posted = 0;

  post(lane: string, run: () => void): void {
    const tasks = this.#lanes.get(lane) ?? [];
    tasks.push({ order: this.#posted, run });
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
}
