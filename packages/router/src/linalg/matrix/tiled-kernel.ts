import {
  type AdamWArrays,
  type AdamWFactors,
  checkVectorProduct,
  type MatrixKernel,
  panelLength,
  type ProductShape,
  productsOf,
  type StridedProduct,
  type Strides,
  type Workspace,
} from './kernel.ts';

/** More sums at once than these do not fit into the registers of common machines. */
const ROWS = 3;
const COLUMNS = 4;
const TILE = { rows: ROWS, columns: COLUMNS };

/**
 * The kernel in TypeScript, for hosts without WebAssembly or its SIMD. It sums in doubles, which JavaScript is faster at, and rounds each
 * element of C once.
 */
export const tiledKernel: MatrixKernel = {
  name: 'tiled',
  withWorkspace<Name extends string, Result>(
    lengths: Readonly<Record<Name, number>>,
    products: readonly ProductShape[],
    use: (workspace: Workspace<Name>) => Result,
  ): Result {
    return use(tiledKernel.createWorkspace(lengths, products));
  },
  createWorkspace<Name extends string>(
    lengths: Readonly<Record<Name, number>>,
    products: readonly ProductShape[],
  ): Workspace<Name> {
    const names = Object.keys(lengths) as Name[];
    const arrays = Object.fromEntries(names.map((name) => [name, new Float32Array(lengths[name])])) as Record<
      Name,
      Float32Array
    >;
    const panels = new Float32Array(panelLength(products, TILE));
    const fits = (shape: ProductShape): boolean => panelLength([shape], TILE) <= panels.length;
    return { arrays, ...productsOf(tiledProduct(panels), fits), multiplyVector, adamW };
  },
};

function tiledProduct(panels: Float32Array): StridedProduct {
  const sums = new Float64Array(ROWS * COLUMNS);
  return (a, aStrides, b, bStrides, c, { m, k, n }) => {
    const panelOfB = panels.subarray(0, k * COLUMNS);
    const panelsOfA = panels.subarray(panelOfB.length);
    for (let i = 0; i < m; i += ROWS) pack(panelsOfA.subarray(i * k), ROWS, a, aStrides, i, m, k);
    for (let j = 0; j < n; j += COLUMNS) {
      pack(panelOfB, COLUMNS, b, bStrides, j, n, k);
      for (let i = 0; i < m; i += ROWS) {
        multiplyPanels(panelsOfA, i * k, panelOfB, k, sums);
        for (let r = 0; r < ROWS && i + r < m; r++) {
          for (let s = 0; s < COLUMNS && j + s < n; s++) {
            c[(i + r) * n + j + s] = sums[r * COLUMNS + s] as number;
          }
        }
      }
    }
  };
}

/** Copies `width` lines side by side; where there are fewer, the last one is repeated. */
function pack(
  panel: Float32Array,
  width: number,
  from: Float32Array,
  { line, step }: Strides,
  first: number,
  lines: number,
  k: number,
): void {
  for (let r = 0; r < width; r++) {
    let at = Math.min(first + r, lines - 1) * line;
    for (let to = r; to < k * width; to += width, at += step) panel[to] = from[at] as number;
  }
}

function multiplyPanels(
  a: Float32Array,
  start: number,
  b: Float32Array,
  k: number,
  sums: Float64Array,
): void {
  let c00 = 0;
  let c01 = 0;
  let c02 = 0;
  let c03 = 0;
  let c10 = 0;
  let c11 = 0;
  let c12 = 0;
  let c13 = 0;
  let c20 = 0;
  let c21 = 0;
  let c22 = 0;
  let c23 = 0;
  for (let p = 0, at = start; p < k * COLUMNS; p += COLUMNS, at += ROWS) {
    const b0 = b[p] as number;
    const b1 = b[p + 1] as number;
    const b2 = b[p + 2] as number;
    const b3 = b[p + 3] as number;
    const a0 = a[at] as number;
    c00 += a0 * b0;
    c01 += a0 * b1;
    c02 += a0 * b2;
    c03 += a0 * b3;
    const a1 = a[at + 1] as number;
    c10 += a1 * b0;
    c11 += a1 * b1;
    c12 += a1 * b2;
    c13 += a1 * b3;
    const a2 = a[at + 2] as number;
    c20 += a2 * b0;
    c21 += a2 * b1;
    c22 += a2 * b2;
    c23 += a2 * b3;
  }
  sums[0] = c00;
  sums[1] = c01;
  sums[2] = c02;
  sums[3] = c03;
  sums[4] = c10;
  sums[5] = c11;
  sums[6] = c12;
  sums[7] = c13;
  sums[8] = c20;
  sums[9] = c21;
  sums[10] = c22;
  sums[11] = c23;
}

/** Four rows at a time share the loads of x and keep four sums going. */
function multiplyVector(matrix: Float32Array, x: Float32Array, y: Float32Array): void {
  checkVectorProduct(matrix, x, y);
  const columns = x.length;
  const rows = y.length;
  const whole = rows - (rows % 4);
  for (let i = 0; i < whole; i += 4) {
    const r0 = i * columns;
    const r1 = r0 + columns;
    const r2 = r1 + columns;
    const r3 = r2 + columns;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let j = 0; j < columns; j++) {
      const value = x[j] as number;
      s0 += value * (matrix[r0 + j] as number);
      s1 += value * (matrix[r1 + j] as number);
      s2 += value * (matrix[r2 + j] as number);
      s3 += value * (matrix[r3 + j] as number);
    }
    y[i] = s0;
    y[i + 1] = s1;
    y[i + 2] = s2;
    y[i + 3] = s3;
  }
  for (let i = whole; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += (x[j] as number) * (matrix[i * columns + j] as number);
    y[i] = sum;
  }
}

function adamW(
  { parameters, gradients, moments, squares }: AdamWArrays,
  { shrink, decay, rate, correction }: AdamWFactors,
): void {
  for (let i = 0; i < parameters.length; i++) {
    const gradient = shrink * (gradients[i] as number);
    const moment = 0.9 * (moments[i] as number) + 0.1 * gradient;
    const square = 0.999 * (squares[i] as number) + 0.001 * gradient * gradient;
    moments[i] = moment;
    squares[i] = square;
    parameters[i] =
      decay * (parameters[i] as number) - (rate * moment) / (correction * Math.sqrt(square) + 1e-8);
  }
}
