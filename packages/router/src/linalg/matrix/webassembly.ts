/** What we use of WebAssembly (JavaScript interface, version 2.0). Hosts without it have none of this. */

export interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
  /** @param pages of 64 KiB; views of the old buffer lose their values */
  grow(pages: number): number;
}

export interface WebAssemblyInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export interface WebAssemblyHost {
  /** Whether this host compiles the module: false where it knows no SIMD. */
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => WebAssemblyInstance;
  readonly Memory: new (size: { readonly initial: number }) => WebAssemblyMemory;
}

export function webAssemblyOf(host: object): WebAssemblyHost | undefined {
  return (host as { readonly WebAssembly?: WebAssemblyHost }).WebAssembly;
}
