// Prints "passed failed" from vitest's JSON report. A suite that could not be loaded counts as one failure; no tests at all too.
import { readFileSync } from 'node:fs';

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { numPassedTests, numFailedTests, testResults } = report;
const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
const none = numPassedTests === 0 ? 1 : 0;
console.log(`${numPassedTests} ${numFailedTests + broken.length + none}`);
