import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { KERNELS, kernelModule } from './build-kernels.ts';

it.each(KERNELS)(
  'the kernel $name in the repository is what its text assembles to, byte for byte',
  (kernel) => {
    expect(readFileSync(kernel.module, 'utf8')).toBe(kernelModule(kernel));
  },
);
