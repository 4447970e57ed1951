/** The steps of the sweeps over scale, and their names. */

/** Numbers of clients; the largest federation holds all rows, the others are its first clients. */
export const SCALE_CLIENTS: readonly number[] = [2, 5, 10, 20, 40];

/** Numbers of models that each client uses, beside all of them. */
export const SCALE_MODELS: readonly number[] = [1, 2, 4, 8];

export function clientsPoint(clients: number): string {
  return `${clients} clients`;
}

/** @param models undefined for all */
export function coveragePoint(models: number | undefined): string {
  return models === undefined ? 'all models each' : `${models} model${models === 1 ? '' : 's'} each`;
}

/** The point of the router that saw every model's answer to every training query of so many clients. */
export function everyAnswerPoint(clients: number): string {
  return `every answer, ${clients} clients`;
}
