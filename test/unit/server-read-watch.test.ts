import { afterEach, expect, it, jest } from "@jest/globals";
import { Http2Exchange } from "../../src/server/http2-exchange.ts";
import { ReadWatch } from "../../src/server/read-watch.ts";
import { loneStream } from "../support/lone-stream.ts";

/** How long a client may take for a body over HTTP/2. */

afterEach(() => void jest.useRealTimers());

it("a stream has its time for a body, also behind a while without any", () => {
  jest.useFakeTimers();
  const watch = new ReadWatch(5_000);
  for (let time = 0; time < 2; time++) {
    const [late, inTime] = [loneStream(), loneStream()];
    for (const { stream } of [late, inTime]) watch.begin(new Http2Exchange(stream));
    jest.advanceTimersByTime(4_500);
    inTime.stream.receiveEnd();
    expect(late.said).toEqual([]);
    jest.advanceTimersByTime(1_500);
    expect([late.said, inTime.said]).toEqual([["reset"], []]);
    expect(jest.getTimerCount()).toBe(0);
  }
});
