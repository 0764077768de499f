import { lineChartSvg } from '../../bench/line-chart.ts';
import type { SoakSample } from './soak-child.ts';

/** The soak's graphs, by file name: memory, descriptors, and how overdue the outbox was; none without samples. */
export function soakCharts(samples: readonly SoakSample[]): Record<string, string> {
  const [first] = samples;
  if (first === undefined) return {};
  const points = (what: 'rssMb' | 'heapMb' | 'descriptors' | 'outboxAgeS') =>
    samples.map((sample) => ({ x: (sample.at - first.at) / 60_000, y: sample[what] }));
  const xLabel = 'minutes';
  return {
    'soak-memory.svg': lineChartSvg({
      title: 'One worker under mixed faults: memory',
      xLabel,
      yLabel: 'MB',
      lines: [
        { name: 'resident', points: points('rssMb') },
        { name: 'heap in use', points: points('heapMb') },
      ],
    }),
    'soak-descriptors.svg': lineChartSvg({
      title: 'One worker under mixed faults: open descriptors',
      xLabel,
      yLabel: 'count',
      lines: [{ name: 'descriptors', points: points('descriptors') }],
    }),
    'soak-outbox.svg': lineChartSvg({
      title: 'One worker under mixed faults: most overdue notice or message',
      xLabel,
      yLabel: 'seconds',
      lines: [{ name: 'overdue by', points: points('outboxAgeS') }],
    }),
  };
}
