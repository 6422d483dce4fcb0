/**
 * Short messages about what has just happened. They are read out, leave by themselves, and wait
 * while somebody points at them or has the focus in them.
 */

import { IconAlertCircle, IconCircleCheck, IconX } from '@tabler/icons-react'
import { createContext, type ReactNode, use, useCallback, useEffect, useState } from 'react'
import { texts } from '../texts.ts'
import classes from './toasts.module.css'

export interface Toast {
  readonly tone: 'good' | 'bad'
  readonly text: string
}

type Kept = Toast & { readonly id: number }

const ToastContext = createContext<(toast: Toast) => void>(() => {})

/** Says something in the corner of the page. */
export const useToast = () => use(ToastContext)

/** Milliseconds: long enough to read; what failed stays longer. */
const stays = { good: 5_000, bad: 10_000 } as const
const most = 4

let told = 0

export function Toasts({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<readonly Kept[]>([])
  const [held, setHeld] = useState(false)
  const say = useCallback((toast: Toast) => {
    told += 1
    const kept = { ...toast, id: told }
    setShown((before) => [...before, kept].slice(-most))
  }, [])
  const drop = useCallback((id: number) => {
    setShown((before) => before.filter((toast) => toast.id !== id))
  }, [])

  return (
    <ToastContext value={say}>
      {children}
      <section
        className={classes.corner}
        aria-label={texts.messages}
        aria-live="polite"
        onMouseEnter={() => setHeld(true)}
        onMouseLeave={() => setHeld(false)}
        onFocus={() => setHeld(true)}
        onBlur={() => setHeld(false)}
      >
        {shown.map((toast) => (
          <Slip key={toast.id} toast={toast} held={held} drop={drop} />
        ))}
      </section>
    </ToastContext>
  )
}

interface SlipProps {
  readonly toast: Kept
  readonly held: boolean
  readonly drop: (id: number) => void
}

function Slip({ toast: { id, tone, text }, held, drop }: SlipProps) {
  useEffect(() => {
    if (held) return
    const timer = setTimeout(() => drop(id), stays[tone])
    return () => clearTimeout(timer)
  }, [id, tone, held, drop])

  const Icon = tone === 'good' ? IconCircleCheck : IconAlertCircle
  return (
    <div className={classes.slip} data-tone={tone}>
      <Icon className={classes.icon} size={20} stroke={1.75} aria-hidden="true" />
      <p>{text}</p>
      <button type="button" aria-label={texts.close} onClick={() => drop(id)}>
        <IconX size={16} stroke={1.75} aria-hidden="true" />
      </button>
    </div>
  )
}
