/** Where the person typed the command; a package manager runs scripts elsewhere and says so. */
export function invocationDirectory(): string {
  return process.env['INIT_CWD'] ?? process.cwd();
}
