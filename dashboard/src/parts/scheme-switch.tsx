/**
 * Light, dark, or as the system: three radio buttons that look like one switch.
 */

import { type MantineColorScheme, useMantineColorScheme } from '@mantine/core'
import { IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react'
import { useId } from 'react'
import { texts } from '../texts.ts'
import classes from './scheme-switch.module.css'

/** Also the key that `scheme.js` reads before the first paint. */
export const schemeKey = 'sallyport-color-scheme'

const choices = [
  ['light', IconSun],
  ['auto', IconDeviceDesktop],
  ['dark', IconMoon],
] as const satisfies readonly (readonly [MantineColorScheme, typeof IconSun])[]

/** Keeps transitions, because stopping them would write a style into the page. */
export const useScheme = () => useMantineColorScheme({ keepTransitions: true })

export function SchemeSwitch() {
  const { colorScheme, setColorScheme } = useScheme()
  const name = useId()

  return (
    <fieldset className={classes.switch}>
      <legend className="visually-hidden">{texts.scheme.legend}</legend>
      {choices.map(([value, Icon]) => (
        <label key={value} className={classes.choice} title={texts.scheme[value]}>
          <input
            type="radio"
            name={name}
            value={value}
            checked={colorScheme === value}
            onChange={() => setColorScheme(value)}
            aria-label={texts.scheme[value]}
          />
          <Icon size={17} stroke={1.75} aria-hidden="true" />
        </label>
      ))}
    </fieldset>
  )
}
