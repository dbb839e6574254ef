/** A course of a figure in the size of a word. Readers hear the figure beside it. */
import type { JSX } from "preact";

/** Samples of a course. */
export const SAMPLES_MAX = 40;
const [WIDTH, HEIGHT] = [72, 20];

/** The samples as points, from the left; the newest is at the right end. */
export function pointsOf(samples: readonly number[], top: number): (readonly [number, number])[] {
  const step = WIDTH / (SAMPLES_MAX - 1);
  const left = WIDTH - step * (samples.length - 1);
  const round = (number: number): number => Math.round(number * 10) / 10;
  return samples.map((sample, at) => [round(left + at * step), round(HEIGHT - 1 - (Math.max(0, sample) / top) * (HEIGHT - 2))]);
}

/** An idle service looks idle: the axis begins at 0 and ends no lower than `least`, with so much room above. */
export function Spark({ samples, least, room }: { samples: readonly number[]; least: number; room: number }): JSX.Element | null {
  if (samples.length < 2) return null;
  const points = pointsOf(samples, Math.max(least, ...samples.map((sample) => sample * room)));
  const line = points.map(([x, y]) => `${x} ${y}`).join(" L");
  const first = points[0]?.[0] ?? 0;
  return (
    <svg class="spark" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" focusable="false">
      <path class="area" d={`M${first} ${HEIGHT} L${line} L${WIDTH} ${HEIGHT} Z`} />
      <path class="course" d={`M${line}`} />
    </svg>
  );
}
