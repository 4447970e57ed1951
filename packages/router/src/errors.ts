/** Every code a `RouterError` can carry, with its meaning. Codes are stable; messages are not. */
export const ROUTER_ERROR_CODES = {
  BAD_PARAMETERS: 'a parameter of a program is missing, unknown or out of its range',
  UNKNOWN_PROGRAM: 'no program of this name is registered',
  BAD_DATASET: 'a dataset does not have the shape, or the models, that the program was started for',
  BAD_SUM: 'a sum is not as long as the plan says, or holds a value that is not finite',
  NO_RECORDS: 'the records of all survivors together are none',
  NO_OBSERVATIONS: 'no model was observed on any record',
  BAD_ARTIFACT: 'the text is no router artifact, or a field of it is wrong',
  UNSUPPORTED_VERSION: 'the artifact was written in a version of the format that this software does not read',
  BAD_EMBEDDING: 'an embedding is not as long as the router wants, or holds a value that is not finite',
  BAD_LAMBDA: 'lambda is not a number in 0 .. 1e100',
  BAD_TEST_SET: 'a test set is empty or does not hold every model on every query',
  BAD_SEED: 'a seed is not 32 bytes long',
  OUT_OF_RANGE: 'a number is outside the range that the function states',
} as const;

export type RouterErrorCode = keyof typeof ROUTER_ERROR_CODES;

/** The one error that this package throws; the message names the field and what was wanted. */
export class RouterError extends Error {
  override readonly name = 'RouterError';
  readonly code: RouterErrorCode;

  constructor(code: RouterErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
