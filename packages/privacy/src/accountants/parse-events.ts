import { ADJACENCIES, type Adjacency } from '../adjacency.ts';
import { PrivacyError } from '../privacy-error.ts';
import type { PrivacyEvent } from './events.ts';

const MAX_COUNT = 1e9;

/**
 * Checks a list of composed events that came from a file or a peer, field by field.
 * @param untrusted a parsed JSON array
 * @throws PrivacyError `BAD_EVENT` naming position and field; `UNSUPPORTED` for a type that is not known, or events that differ in adjacency
 */
export function parseEvents(untrusted: unknown): readonly PrivacyEvent[] {
  if (!Array.isArray(untrusted)) throw new PrivacyError('BAD_EVENT', 'events must be an array of objects');
  const events = untrusted.map((event: unknown, i) => parseEvent(new EventFields(event, `events[${i}]`)));
  const adjacency = adjacencyOf(events);
  events.forEach((event, i) => {
    if ((event.adjacency ?? 'add_remove') !== adjacency) {
      throw new PrivacyError(
        'UNSUPPORTED',
        `events[${i}].adjacency is ${event.adjacency ?? 'add_remove'} where events[0] has ${adjacency}: ` +
          'guarantees of different adjacency do not compose; state all under one',
      );
    }
  });
  return events;
}

/** The adjacency of a composition: that of its events. */
export function adjacencyOf(events: readonly PrivacyEvent[]): Adjacency {
  return events[0]?.adjacency ?? 'add_remove';
}

function parseEvent(fields: EventFields): PrivacyEvent {
  const event = readEvent(fields);
  fields.refuseOthers();
  return event;
}

function readEvent(fields: EventFields): PrivacyEvent {
  const type = fields.take('type');
  const repeated = { count: fields.count(), adjacency: fields.adjacency() };
  switch (type) {
    case 'gaussian':
      return { type, ...repeated, noiseMultiplier: fields.positive('noiseMultiplier') };
    case 'poisson_gaussian':
      return {
        type,
        ...repeated,
        samplingProbability: fields.probability('samplingProbability'),
        noiseMultiplier: fields.positive('noiseMultiplier'),
      };
    case 'sampled_without_replacement_gaussian': {
      const sourceSize = fields.integer('sourceSize', Number.MAX_SAFE_INTEGER);
      const sampleSize = fields.integer('sampleSize', sourceSize);
      return {
        type,
        ...repeated,
        sourceSize,
        sampleSize,
        noiseMultiplier: fields.positive('noiseMultiplier'),
      };
    }
    case 'laplace':
      return { type, ...repeated, scale: fields.positive('scale') };
    case 'discrete_laplace':
      return {
        type,
        ...repeated,
        scale: fields.positive('scale'),
        sensitivity: fields.integer('sensitivity', Number.MAX_SAFE_INTEGER),
      };
    case 'discrete_gaussian':
      return {
        type,
        ...repeated,
        sigma: fields.positive('sigma'),
        sensitivity: fields.positive('sensitivity'),
      };
    case 'zcdp':
      return { type, ...repeated, rho: fields.positive('rho') };
    default:
      throw new PrivacyError(
        typeof type === 'string' ? 'UNSUPPORTED' : 'BAD_EVENT',
        `${fields.place}.type is ${described(type)}; supported are gaussian, poisson_gaussian, ` +
          'sampled_without_replacement_gaussian, laplace, discrete_laplace, discrete_gaussian and zcdp',
      );
  }
}

/** The fields of one untrusted object, each taken once; what nobody takes is refused. */
class EventFields {
  readonly place: string;
  readonly #left: Map<string, unknown>;

  constructor(event: unknown, place: string) {
    this.place = place;
    if (typeof event !== 'object' || event === null || Array.isArray(event)) {
      throw new PrivacyError('BAD_EVENT', `${place} must be an object with a type`);
    }
    this.#left = new Map(Object.entries(event));
  }

  take(name: string): unknown {
    const value = this.#left.get(name);
    this.#left.delete(name);
    return value;
  }

  positive(name: string): number {
    return this.#number(name, 'a finite number above 0', (value) => value > 0);
  }

  probability(name: string): number {
    return this.#number(name, 'a probability in [0, 1]', (value) => value >= 0 && value <= 1);
  }

  integer(name: string, maximum: number): number {
    const wanted = `an integer in 1 .. ${maximum}`;
    return this.#number(name, wanted, (value) => Number.isInteger(value) && value >= 1 && value <= maximum);
  }

  count(): number {
    return this.#left.has('count') ? this.integer('count', MAX_COUNT) : 1;
  }

  adjacency(): Adjacency {
    const value = this.take('adjacency') ?? 'add_remove';
    const known = ADJACENCIES.find((adjacency) => adjacency === value);
    if (known === undefined) throw this.#wrong('adjacency', `one of ${ADJACENCIES.join(', ')}`, value);
    return known;
  }

  refuseOthers(): void {
    const [other] = this.#left.keys();
    if (other !== undefined) {
      throw new PrivacyError('BAD_EVENT', `${this.place}.${other} is not a field of this type`);
    }
  }

  #number(name: string, wanted: string, holds: (value: number) => boolean): number {
    const value = this.take(name);
    if (typeof value !== 'number' || !Number.isFinite(value) || !holds(value))
      throw this.#wrong(name, wanted, value);
    return value;
  }

  #wrong(name: string, wanted: string, value: unknown): PrivacyError {
    return new PrivacyError('BAD_EVENT', `${this.place}.${name} must be ${wanted}, not ${described(value)}`);
  }
}

/** A value in a message, whatever it is. */
function described(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return `${value}`;
  return value === null ? 'null' : `of type ${typeof value}`;
}
