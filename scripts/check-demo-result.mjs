// Checks the bare result of `pnpm demo --json` on the default workload: every sum exact, the budget kept, and federation worth its while.
const result = JSON.parse(process.argv[2]);
const { exact, checkedSums, clients, survivors, aucShared, privacy } = result;
const faults = [
  [exact === true && checkedSums > 0, 'an opened sum differs from the sum of the survivors’ vectors'],
  [
    privacy?.unit === 'record' && privacy.epsilon === 3 && privacy.rho > 0 && privacy.rho <= privacy.limit,
    'the run did not stay within a budget of epsilon 3 at record level',
  ],
  [survivors === clients, `${survivors} of ${clients} clients survived`],
  [
    aucShared.federated > aucShared.static + 0.02,
    'the federated router does not beat the static one by 0.02',
  ],
  [
    // Noise is fresh in every run: now and then the best of five locals comes near.
    aucShared.federated >
      aucShared.local.reduce((sum, local) => sum + local, 0) / aucShared.local.length + 0.03,
    'the federated router does not beat the mean local one by 0.03',
  ],
].filter(([holds]) => !holds);
for (const [, text] of faults) console.error(`demo: ${text}`);
console.log(`demo: federated ${aucShared.federated.toFixed(3)}, static ${aucShared.static.toFixed(3)}`);
process.exitCode = faults.length === 0 ? 0 : 1;
