/**
 * Going round a page by keyboard alone.
 */

import type { Page } from 'playwright-core'

/** Presses Tab until what is focused is called `label`; gives up where a person would. */
export async function tabTo(
  page: Page,
  label: string,
  key: 'Tab' | 'Shift+Tab' = 'Tab',
): Promise<void> {
  const passed: string[] = []
  for (let presses = 0; presses < 16; presses++) {
    await page.keyboard.press(key)
    const called = await page.evaluate(() => {
      const focused = document.activeElement
      if (!(focused instanceof HTMLElement)) return ''
      const field = focused instanceof HTMLInputElement || focused instanceof HTMLSelectElement
      const named = field ? focused.labels?.[0]?.textContent : null
      return focused.getAttribute('aria-label') ?? named ?? focused.textContent ?? ''
    })
    if (called.trim() === label) return
    passed.push(called.trim())
  }
  throw new Error(`no “${label}” within sixteen presses of ${key}, but ${passed.join(', ')}`)
}
