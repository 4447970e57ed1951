/**
 * The hot loops of training and routing: products of float32 matrices, and the step of AdamW. There are two kernels, one in WebAssembly with SIMD and one in TypeScript. Both sum each element of a product in
 * the order of the common index, so each gives the same bits on every machine; the one in WebAssembly rounds every product and
 * every sum to float32, the one in TypeScript only the finished element, so they differ from each other in the last bits.
 */
import { RouterError } from '../../errors.ts';

/** The shape of C = A * B: A has m rows and k columns, B has k rows and n columns. Each at least 1. */
export interface ProductShape {
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** All matrices are row-major, lie in the arrays of one workspace, and C overlaps neither A nor B. */
export interface MatrixProducts {
  /** C = A * B. */
  readonly multiply: Product;
  /** C = A^T * B, where `a` holds the k x m matrix whose transpose A is. */
  readonly multiplyTransposedA: Product;
  /** C = A * B^T, where `b` holds the n x k matrix whose transpose B is. */
  readonly multiplyTransposedB: Product;
}

/** @throws RouterError `OUT_OF_RANGE` where an array or the workspace is too small for the shape, or an array outside the workspace */
export type Product = (a: Float32Array, b: Float32Array, c: Float32Array, shape: ProductShape) => void;

/** Four whole arrays of one workspace and of one length, which a step of AdamW changes element by element. */
export interface AdamWArrays {
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  /** Running means of the gradients; zero before the first step. */
  readonly moments: Float32Array;
  /** Running means of their squares; zero before the first step. */
  readonly squares: Float32Array;
}

/** For g = shrink * gradient: parameter = decay * parameter - rate * moment / (correction * sqrt(square) + 1e-8). */
export interface AdamWFactors {
  readonly shrink: number;
  readonly decay: number;
  readonly rate: number;
  readonly correction: number;
}

export interface Workspace<Name extends string> extends MatrixProducts {
  /** Zero at the start. */
  readonly arrays: Readonly<Record<Name, Float32Array>>;
  /**
   * y = W * x, where W is row-major and has a row for each value of y and a column for each of x; x and y are whole arrays. Kernels add the
   * products in different orders.
   */
  readonly multiplyVector: (matrix: Float32Array, x: Float32Array, y: Float32Array) => void;
  /** moment = 0.9 moment + 0.1 g, square = 0.999 square + 0.001 g^2, and the parameter as `AdamWFactors` says. */
  readonly adamW: (arrays: AdamWArrays, factors: AdamWFactors) => void;
}

export interface MatrixKernel {
  readonly name: 'simd' | 'tiled';
  /**
   * Lends memory to a computation; its arrays are no longer valid when `use` returns.
   * @param lengths of the arrays by name
   * @param products the shapes that `use` multiplies
   */
  withWorkspace<Name extends string, Result>(
    lengths: Readonly<Record<Name, number>>,
    products: readonly ProductShape[],
    use: (workspace: Workspace<Name>) => Result,
  ): Result;
  /** Memory that stays with whoever asked for it. */
  createWorkspace<Name extends string>(
    lengths: Readonly<Record<Name, number>>,
    products: readonly ProductShape[],
  ): Workspace<Name>;
}

/** @throws RouterError `OUT_OF_RANGE` */
export function checkVectorProduct(matrix: Float32Array, x: Float32Array, y: Float32Array): void {
  if (matrix.length >= x.length * y.length && x.length > 0 && y.length > 0) return;
  throw new RouterError(
    'OUT_OF_RANGE',
    `a matrix of ${matrix.length} values does not hold ${y.length} rows of ${x.length}`,
  );
}

/** Elements of C that are summed at once. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
}

/** Where the elements of an operand stand, in elements: those of one line (row of A, column of B) `step` apart, lines `line` apart. */
export interface Strides {
  readonly line: number;
  readonly step: number;
}

/** One routine multiplies plain and transposed operands: the strides say which. */
export type StridedProduct = (
  a: Float32Array,
  aStrides: Strides,
  b: Float32Array,
  bStrides: Strides,
  c: Float32Array,
  shape: ProductShape,
) => void;

/**
 * The three products as one with strides.
 * @param fits whether the panels have room for a product
 */
export function productsOf(product: StridedProduct, fits: (shape: ProductShape) => boolean): MatrixProducts {
  const checked: StridedProduct = (a, aStrides, b, bStrides, c, shape) => {
    const { m, k, n } = shape;
    if (a.length < m * k || b.length < k * n || c.length < m * n || m < 1 || k < 1 || n < 1) {
      throw new RouterError(
        'OUT_OF_RANGE',
        `matrices of ${a.length}, ${b.length} and ${c.length} values do not hold a product of ${m} x ${k} x ${n}`,
      );
    }
    if (!fits(shape)) {
      throw new RouterError('OUT_OF_RANGE', `the workspace was not made for a product of ${m} x ${k} x ${n}`);
    }
    product(a, aStrides, b, bStrides, c, shape);
  };
  return {
    multiply: (a, b, c, shape) =>
      checked(a, { line: shape.k, step: 1 }, b, { line: 1, step: shape.n }, c, shape),
    multiplyTransposedA: (a, b, c, shape) =>
      checked(a, { line: 1, step: shape.m }, b, { line: 1, step: shape.n }, c, shape),
    multiplyTransposedB: (a, b, c, shape) =>
      checked(a, { line: shape.k, step: 1 }, b, { line: shape.k, step: 1 }, c, shape),
  };
}

/** Number of values in the panels that a product needs beside its matrices: all of A and one tile's columns of B, and one tile. */
export function panelLength(products: readonly ProductShape[], tile: Tile): number {
  const lengths = products.map(({ m, k }) => k * (Math.ceil(m / tile.rows) * tile.rows + tile.columns));
  return tile.rows * tile.columns + Math.max(0, ...lengths);
}
