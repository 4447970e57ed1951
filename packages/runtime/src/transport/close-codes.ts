/** WebSocket close codes. 1001, 1012 and 1013 are the standard's; 44xx are ours. */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  fault: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
  badMessage: 4400,
  notAuthenticated: 4401,
  policy: 4403,
  deadline: 4408,
  superseded: 4409,
  version: 4426,
} as const;

export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];
