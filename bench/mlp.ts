/** How fast the paper's MLP trains: the matrix kernels, one epoch, and the share of the kernel's rate it reaches. */
import { Matrix } from 'ml-matrix';
import type { MatrixKernel, ProductShape } from '../packages/router/src/linalg/matrix/kernel.ts';
import { matrixKernel } from '../packages/router/src/linalg/matrix/select-kernel.ts';
import { tiledKernel } from '../packages/router/src/linalg/matrix/tiled-kernel.ts';
import { mlpArchitecture } from '../packages/router/src/mlp/architecture.ts';
import { parameterCount } from '../packages/router/src/mlp/shape.ts';
import { train } from '../packages/router/src/network/train.ts';
import { createGenerator } from '../packages/router/src/random/generator.ts';
import { toyDataset } from '../packages/router/src/testing/toy-dataset.ts';
import { toyExamples } from '../packages/router/src/testing/toy-examples.ts';
import { median, repeated, spread } from './measure.ts';
import type { Row } from './rows.ts';

const LAYER: ProductShape = { m: 256, k: 768, n: 512 };
const MODELS = Array.from({ length: 11 }, (_, m) => `model ${m}`);
const SHAPE = { inputs: 768, hidden: [512, 512], models: MODELS.length } as const;
const RECORDS = 1000;
const OPTIONS = {
  epochs: 1,
  batchSize: 128,
  learningRate: 1e-3,
  weightDecay: 3e-4,
  gradientClip: 1,
};

export function benchMlp(log: (line: string) => void): Row[] {
  const products = (['multiply', 'multiplyTransposedA', 'multiplyTransposedB'] as const).flatMap((product) =>
    [matrixKernel, tiledKernel].map((kernel) => productRow(kernel, product)),
  );
  const rows = [...products, oracleRow(), epochRow(log, products[0]?.cpuMs ?? 0)];
  for (const { name, cpuMs, note } of rows) log(`${name}: ${cpuMs.toFixed(2)} ms; ${note}`);
  return rows;
}

const gflops = (operations: number, ms: number): string => `${(operations / ms / 1e6).toFixed(1)} GFLOP/s`;
const LAYER_OPERATIONS = 2 * LAYER.m * LAYER.k * LAYER.n;

function productRow(
  kernel: MatrixKernel,
  product: 'multiply' | 'multiplyTransposedA' | 'multiplyTransposedB',
): Row {
  const { m, k, n } = LAYER;
  return kernel.withWorkspace({ a: m * k, b: k * n, c: m * n }, [LAYER], ({ arrays, ...products }) => {
    arrays.a.fill(0.1);
    arrays.b.fill(0.2);
    const times = repeated(20, () => products[product](arrays.a, arrays.b, arrays.c, LAYER));
    const cpuMs = median(times);
    return {
      name: `${kernel.name} ${product}, 256 x 768 x 512`,
      cpuMs,
      spread: spread(times),
      note: gflops(LAYER_OPERATIONS, cpuMs),
    };
  });
}

function oracleRow(): Row {
  const [left, right] = [Matrix.ones(LAYER.m, LAYER.k), Matrix.ones(LAYER.k, LAYER.n)];
  const times = repeated(3, () => void left.mmul(right));
  const cpuMs = median(times);
  return { name: 'ml-matrix mmul, 256 x 768 x 512', cpuMs, note: gflops(LAYER_OPERATIONS, cpuMs) };
}

/** The bound is the products alone, at the rate of the kernel in this run. */
function epochRow(log: (line: string) => void, productMs: number): Row {
  const data = toyDataset('bench', { records: RECORDS, dimensions: SHAPE.inputs, models: MODELS });
  const examples = toyExamples(data);
  const generator = createGenerator(new Uint8Array(32));
  const architecture = mlpArchitecture(SHAPE, 0.1);
  const weights = architecture.initialWeights(generator);
  log('training');
  const times = repeated(
    8,
    () => void train(matrixKernel, architecture, weights, examples, OPTIONS, generator),
  );
  const cpuMs = median(times);
  // Forward and the gradients of the weights: 2 operations per weight and record each; derivatives of all layers but the first as well.
  const operations = RECORDS * (6 * parameterCount(SHAPE) - 2 * SHAPE.inputs * SHAPE.hidden[0]);
  const boundMs = (operations / LAYER_OPERATIONS) * productMs;
  return {
    name: 'one epoch over 1,000 records of width 768, batch 128',
    cpuMs,
    spread: spread(times),
    boundMs,
    ratio: cpuMs / boundMs,
    note: `${gflops(operations, cpuMs)} in its products alone`,
  };
}
