/** What a box holds: for each slot of a batch a share and the salt of its commitment. */
export const SHARE_BYTES = 32;
export const SALT_BYTES = 32;
export const SLOT_BYTES: number = SHARE_BYTES + SALT_BYTES;

export interface Slot {
  readonly share: Uint8Array;
  readonly salt: Uint8Array;
}

/** Views into `payload`, so that wiping it wipes them; undefined where it is not of whole slots. */
export function payloadSlots(payload: Uint8Array): Slot[] | undefined {
  if (payload.length % SLOT_BYTES !== 0) return undefined;
  return Array.from({ length: payload.length / SLOT_BYTES }, (_, i) => ({
    share: payload.subarray(i * SLOT_BYTES, i * SLOT_BYTES + SHARE_BYTES),
    salt: payload.subarray(i * SLOT_BYTES + SHARE_BYTES, (i + 1) * SLOT_BYTES),
  }));
}
