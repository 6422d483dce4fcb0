/**
 * Sets the colour scheme before the first paint: the person's choice, else that of the system.
 * A plain script, because a module would run too late and an inline one is not allowed.
 */
;(() => {
  let chosen = null
  try {
    chosen = localStorage.getItem('sallyport-color-scheme')
  } catch {}
  const dark = matchMedia('(prefers-color-scheme: dark)').matches
  const scheme = chosen === 'light' || chosen === 'dark' ? chosen : dark ? 'dark' : 'light'
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme)
})()
