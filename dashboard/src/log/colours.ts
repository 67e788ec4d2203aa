// SPDX-License-Identifier: Apache-2.0
//
// Colours that programs choose themselves are made for one background. On the other one they are moved towards black or
// white until they can be read.

const CONTRAST = 4.5;

export type Rgb = readonly [number, number, number];

/** Relative luminance, 0..1 (WCAG 2). */
export function luminance([r, g, b]: Rgb): number {
  const channel = (value: number) => {
    const c = value / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
}

export function contrast(a: Rgb, b: Rgb): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** `colour`, or the nearest to it on the way to black or white that can be read on `background`. */
export function readable(colour: Rgb, background: Rgb): Rgb {
  const target = luminance(background) > 0.18 ? 0 : 255;
  for (let step = 0; step < 10; step++) {
    const mixed = colour.map((c) => Math.round(c + ((target - c) * step) / 10)) as unknown as Rgb;
    if (contrast(mixed, background) >= CONTRAST) return mixed;
  }
  return [target, target, target];
}

export function rgbOf(colour: number): Rgb {
  return [(colour >> 16) & 255, (colour >> 8) & 255, colour & 255];
}
