/** Which providers a message is offered to. Of the routes of an instance, the first that fits its country counts. */
export interface Route {
  /** ISO 3166-1 alpha-2; empty for all. */
  readonly countries: readonly string[];
  readonly targets: readonly RouteTarget[];
}

export interface RouteTarget {
  readonly providerId: string;
  /** Its share among the targets of the same step, 1 to 1000: they are asked in an order drawn by it. */
  readonly weight: number;
  /** A later step is asked when the earlier ones have failed. */
  readonly step: number;
}
