import { PrivacyError } from '../privacy-error.ts';
import type { PrivacyDeclaration } from './declaration.ts';
import { FieldsOf } from './fields-of.ts';
import type { RoundPrivacy } from './private-round.ts';

/**
 * The noise that the terms of a round state, for whoever has only what was signed. That it is the noise which declaration and plan demand is
 * checked elsewhere, by computing it from them.
 * @param bytes as `planPrivateRound` gives them
 * @throws PrivacyError `BAD_PARAMETER` naming the field
 */
export function readRoundPrivacy(bytes: Uint8Array, declaration: PrivacyDeclaration): RoundPrivacy {
  const fields = new FieldsOf(parsed(bytes), 'terms.privacy');
  const { unit, filter, recordsPerUnit } = declaration;
  const sampling = fields.read('sampling', 'a probability as decimal text', (value) =>
    value === undefined ? 1 : typeof value === 'string' && Number(value) > 0 ? Number(value) : undefined,
  );
  return {
    unit,
    filter,
    normBound: fields.integer('normBound', 1, 2 ** 26),
    variance: fields.bigint('variance'),
    minSurvivors: fields.integer('minSurvivors', 1),
    colluders: fields.integer('colluders', 1),
    rho: fields.rational('rho'),
    recordsPerUnit,
    ...(sampling === 1 ? {} : { sampling }),
  };
}

function parsed(bytes: Uint8Array): unknown {
  // Canonical JSON of these terms is ASCII.
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  try {
    return JSON.parse(text);
  } catch {
    throw new PrivacyError('BAD_PARAMETER', 'terms.privacy is not JSON');
  }
}
