import { chooseEncoding, decodeSum, encodeRecords } from '@tributary/privacy';
import { type SumService, type SumShape, vectorsOf } from './sum-service.ts';

/** Sums in clear, of the same integers that the secure sum masks: the result must be the same to the last bit. */
export function plainSums({ clients, maxRecords }: SumShape): SumService {
  return {
    open({ plan, contribute }) {
      const { encoding } = chooseEncoding({
        ...plan,
        contributors: clients,
        maxRecords: vectorsOf(plan, maxRecords),
      });
      const total = new Int32Array(plan.dimension);
      for (let client = 0; client < clients; client++) {
        const { vector } = encodeRecords(contribute(client), plan.dimension, encoding);
        for (let j = 0; j < total.length; j++) total[j] = (total[j] as number) + (vector[j] as number);
      }
      return decodeSum(total, encoding);
    },
  };
}
