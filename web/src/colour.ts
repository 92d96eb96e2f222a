/** Depth as colour: near is bright and warm, far is dark, as in `figures/colour.py`. */

import { percentiles } from "./measure";

/** matplotlib's magma_r: 256 colours, RGB. */
const TABLE = decodeTable(
  [
    "+/y/+/q9+/m7+/e5/PW3/PO1/PGz/PCx/O6w/Oyu/Oqs/Oiq/Oao/OWm/OOl/eGj/d+h/d2f/dyd/dqc/dia/daY/", // codespell:ignore oyu
    "dSX/dKV/dGT/c+S/c2Q/suO/smN/seL/saJ/sSI/sKG/sCF/r6D/ryC/ruA/rl//rd9/rV8/rN7/rF5/q94/q52/q",
    "x1/qp0/qhz/qZx/aRw/aJv/aFu/Z9s/Z1r/Ztq/Zlp/Zdo/ZVn/JNm/JJl/JBk/I5j/Ixj+4pi+4hh+4Zg+4Rg+oJ",
    "f+oBe+n9e+X1d+Xtd+Xlc+Hdc+HVc93Nc93Fb9nBb9m5b9Wxb9Wpb9Ghb82db82Vc8mNc8WFc8GBd715d7l1d7lte",
    "7Vlf7Fhf61Zg6lVg6FRh51Ji5lFi5VBj5E5k4k1l4Uxm4Etm3kpn3Ulo3Ehp2kdp2UZq10Vr1kRs1ENt00Jt0UJu0",
    "EFvzkBwzT9wyz5xyj5yyD1yxjxzxTx0wzt0wjp1wDp1vjl2vTl3uzh3uTd4uDd4tjZ5tTZ5szV6sTV6sDR7rjR7rD",
    "N7qzN8qTJ8pzF9pjF9pDB9ozB+oS9+ny9+ni5+nC5/mi1/mS1/lyx/lSyAlCuAkiuAkSqAjyqAjSmAjCmAiiiBiSi",
    "BhyeBhSaBhCaBgiWBgSWBfySBfiSBfCOBeiKBeSKBdyGBdiGBdCCBcx+BcR+Bbx6Bbh6BbB2AaxyAaRyAaBuAZhqA",
    "ZRqAYxl/YRh/YBh/Xhd/XRd+WxZ+WhV+WBV+VxR9VRN9UxN8UhJ8UBJ7TxF7TRF6SxB5ShB5SBB4Rw93RQ92Qw91Q",
    "g90QA9zPg9yPA9xOw9vOQ9uNw9sNQ9qNBBoMhBnMBBlLxBiLRBgKxFeKhFcKBFZJhFXJRFVIxFSIhFQIBFNHxFLHh",
    "BJHBBGGxBEGhBBGA8/Fw88Fg46FQ44FA01Eg0zEQwxEAwvDwssDgoqDQooDAkmCwgkCgciCQcfCAYdBwUbBgUZBQQ",
    "XBAQVBAMTAwMRAgIPAgINAQELAQEJAQAHAAAGAAAEAAAD",
  ].join(""),
);
const TAIL = 0.01;
const STEPS_PER_METRE = 10;

export type Range = [lowM: number, highM: number];

/** A range that holds all but 1 % of the depths at either end, rounded outward to 0.1 m. */
export function depthRange(depthM: Float32Array): Range {
  const [low, high] = percentiles(depthM, [TAIL, 1 - TAIL]).map((value) => value * STEPS_PER_METRE);
  const range: Range = [Math.floor(low) / STEPS_PER_METRE, Math.ceil(high) / STEPS_PER_METRE];
  return range[0] < range[1] ? range : [range[0], range[0] + 1 / STEPS_PER_METRE];
}

/** Paint rows of depth, as many as the picture has. */
export function paint(
  size: { height: number; width: number },
  row: (y: number) => Float32Array,
  [low, high]: Range,
): ImageData {
  const picture = new ImageData(size.width, size.height);
  for (let y = 0; y < size.height; y++) {
    row(y).forEach((metres, x) => {
      const share = Math.min(1, Math.max(0, (metres - low) / (high - low)));
      const shade = 3 * Math.round(share * 255);
      const place = 4 * (y * size.width + x);
      picture.data.set([TABLE[shade], TABLE[shade + 1], TABLE[shade + 2], 255], place);
    });
  }
  return picture;
}

/** The colours from near to far, for a legend. */
export function legend(): ImageData {
  const ramp = Float32Array.from({ length: 256 }, (_, i) => i);
  return paint({ height: 1, width: 256 }, () => ramp, [0, 255]);
}

function decodeTable(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
