/** What an experiment knows of a kind of router: how it is trained from sums and in one place, at standard settings and tuned. */
import type { Dataset, Predictor, RouterModel, SeededGenerator } from '@tributary/router';
import type { SumService } from '../sums/sum-service.ts';
import type { HeldOut } from '../tuning/hold-out.ts';
import type { TunedRouter } from '../tuning/tuned-router.ts';

/** A federation that trains together. */
export interface Federation {
  /** Each client's training rows. */
  readonly clients: readonly Dataset[];
  /** 32 secret bytes of each client, from which it draws what nobody else may know. */
  readonly localSeeds: readonly Uint8Array[];
  readonly sums: SumService;
  /** The run's public seed, 64 lower-case hexadecimal digits. */
  readonly seed: string;
}

/**
 * Tuning chooses among the same settings wherever the rows are, by the least mean loss on the same held-out rows, and then trains on all rows. Where
 * none are held out, the first settings are taken.
 */
export interface RouterFamily {
  /** Name of its program: "kmeans". */
  readonly name: string;
  /** In words, for reports: "K-means". */
  readonly title: string;
  /** By sums alone, at standard settings. */
  federated(federation: Federation): RouterModel;
  /** On rows that lie in one place, at standard settings. */
  alone(data: Dataset, generator: SeededGenerator): RouterModel;
  /**
   * By sums alone, the losses among them.
   * @param parts each client's rows as `holdOut` divides them by the client's local seed
   */
  tuneFederated(federation: Federation, parts: readonly HeldOut[]): TunedRouter;
  /** @param parts the rows of `data` in two parts */
  tuneAlone(data: Dataset, parts: HeldOut, generator: SeededGenerator): TunedRouter;
  /**
   * New models by sums over what they, and they alone, did on calibration rows. Left out, as are the next two, where a kind cannot do it.
   * @param federation clients' rows under the list of the new models
   */
  readonly addModels?: (router: RouterModel, federation: Federation) => RouterModel;
  /**
   * Newcomers by sums over their rows alone.
   * @param federation of the newcomers
   */
  readonly addClients?: (router: RouterModel, federation: Federation) => RouterModel;
  /** One client's mixture of what the federation learned and what it learned itself. */
  readonly personal?: (routers: RoutersOfClient) => Predictor;
}

export interface RoutersOfClient {
  /** Trained by all clients on all rows. */
  readonly federated: RouterModel;
  /** Trained by all clients on what none of them held out. */
  readonly federatedTrial: RouterModel;
  readonly local: TunedRouter;
  /** The client's training rows. */
  readonly own: Dataset;
  readonly parts: HeldOut;
}
