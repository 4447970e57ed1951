/** What we use of WebAssembly (JavaScript interface, version 2.0). Hosts without it have none of this. */
export interface WebAssemblyHost {
  /** Whether this host compiles the module: false where it knows no SIMD. */
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
}

export function webAssemblyOf(host: object): WebAssemblyHost | undefined {
  return (host as { readonly WebAssembly?: WebAssemblyHost }).WebAssembly;
}
