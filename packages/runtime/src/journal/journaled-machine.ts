/**
 * A state machine whose every change is in a journal before anything follows from it. What both shells share: a restart
 * replays the journal and finds the state from which all that left the process has followed.
 */
import type { RunJournal } from './run-journal.ts';

export interface Taken<Effect> {
  readonly effects: readonly Effect[];
  /**
   * Resolves when the state that asked for the effects is durable, and with it every earlier one. Nothing of the
   * effects may happen before. @throws RuntimeError RUN_FAILED
   */
  readonly durable: Promise<void>;
}

export type Step<State, Event, Effect> = (
  state: State,
  event: Event,
) => { readonly state: State; readonly effects: readonly Effect[] };

export class JournaledMachine<State, Event, Effect> {
  readonly #step: Step<State, Event, Effect>;
  readonly #journal: RunJournal<Event>;
  #state: State;
  #durable: Promise<void> = Promise.resolve();

  /** @param state what the journal's events lead to */
  constructor(step: Step<State, Event, Effect>, state: State, journal: RunJournal<Event>) {
    this.#step = step;
    this.#journal = journal;
    this.#state = state;
  }

  get state(): State {
    return this.#state;
  }

  /** An event that changes nothing is not written: a peer cannot fill the disk with messages that are refused. */
  take(event: Event): Taken<Effect> {
    const { state, effects } = this.#step(this.#state, event);
    if (state !== this.#state) {
      this.#state = state;
      this.#durable = this.#journal.append(event);
      // Whoever waits for it hears of a failure; every later append has the same.
      this.#durable.catch(() => undefined);
    }
    return { effects, durable: this.#durable };
  }
}
