/** Structured logs to standard error; standard output is for results. Fields that could hold a secret or a query are censored. */
import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const CENSORED = ['secretKey', 'identity', 'secrets', 'share', 'shares', 'query', 'prompt', 'text', 'vector'];

export function createLogger(level: LogLevel, bindings: Readonly<Record<string, string>> = {}): Logger {
  return pino(
    {
      level,
      base: bindings,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: CENSORED.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[censored]',
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
