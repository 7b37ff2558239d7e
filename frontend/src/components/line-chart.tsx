import 'uplot/dist/uPlot.min.css'
import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import { figure } from '@/lib/format'
import classes from './line-chart.module.css'

interface LineChartProps {
  title: string
  xLabel: string
  xs: number[]
  ys: (number | null)[]
}

const HEIGHT = 170

function optionsFor(width: number, root: CSSStyleDeclaration): uPlot.Options {
  const [ink, line, accent] = ['--ink-2', '--line', '--accent'].map((name) =>
    root.getPropertyValue(name),
  )
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } }
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 7 } },
    scales: { x: { time: false } },
    axes: [
      {
        ...axis,
        size: 28,
        values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? tick : '')),
      },
      { ...axis, size: 56, values: (_, ticks) => ticks.map((tick) => figure(tick)) },
    ],
    series: [{}, { stroke: accent, width: 2, points: { show: false }, spanGaps: true }],
  }
}

/** One curve that grows; its newest value stands in words beside the title. */
export function LineChart({ title, xLabel, xs, ys }: LineChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(null)
  const scheme = useComputedColorScheme('light')
  const newest = ys.findLast((value) => value !== null)

  useEffect(() => {
    const element = place.current
    if (!element) return
    const made = new uPlot(
      optionsFor(element.clientWidth, getComputedStyle(document.documentElement)),
      [[], []],
      element,
    )
    plot.current = made
    const observer = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: HEIGHT }),
    )
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [scheme])

  useEffect(() => plot.current?.setData([xs, ys]), [xs, ys, scheme])

  return (
    <figure className={classes.chart}>
      <figcaption>
        <span>{title}</span>
        {newest != null && <strong>{figure(newest)}</strong>}
        <span className={classes.x}>by {xLabel}</span>
      </figcaption>
      <div
        ref={place}
        role="img"
        aria-label={`${title} by ${xLabel}: ${ys.length} points, newest ${newest == null ? 'none' : figure(newest)}`}
      />
    </figure>
  )
}
