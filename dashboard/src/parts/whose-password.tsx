/**
 * For password managers, which want to know whose password a form asks for. Nobody sees it.
 */

export function WhosePassword({ username }: { username: string }) {
  return (
    <input
      className="visually-hidden"
      type="text"
      name="username"
      autoComplete="username"
      value={username}
      readOnly
      tabIndex={-1}
      aria-hidden="true"
    />
  )
}
