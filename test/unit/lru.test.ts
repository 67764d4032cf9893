import { describe, expect, it } from "@jest/globals";
import { Lru } from "../../src/lib/lru.ts";

describe("a map of bounded size", () => {
  it("lets go of what was not used, and of no more than it must", () => {
    const map = new Lru<string, number>(2);
    map.set("a", 1);
    map.set("b", 2);
    map.get("a");
    map.set("c", 3);
    expect(["a", "b", "c"].map((key) => map.get(key))).toEqual([1, undefined, 3]);
  });

  it("keeps what is in it while others come and are deleted again", () => {
    const map = new Lru<string, number>(2);
    map.set("kept", 1);
    for (let number = 0; number < 10; number += 1) {
      map.set(`passing ${number}`, number);
      map.delete(`passing ${number}`);
    }
    expect(map.get("kept")).toBe(1);
    map.set("another", 2);
    expect([map.get("kept"), map.get("another")]).toEqual([1, 2]);
  });
});
