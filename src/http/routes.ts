/**
 * Every route there is: what the gate answers, and what the reference tells.
 *
 * @module
 */
import type { Route } from './route.ts'
import { activityRoutes } from './routes/activity.ts'
import { apiKeyRoutes } from './routes/api-keys.ts'
import { auditRoutes } from './routes/audit.ts'
import { authRoutes } from './routes/auth.ts'
import { descriptionRoutes } from './routes/description.ts'
import { deviceRoutes } from './routes/devices.ts'
import { eventRoutes } from './routes/events.ts'
import { healthRoutes } from './routes/health.ts'
import { lockoutRoutes } from './routes/lockouts.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { overviewRoutes } from './routes/overview.ts'
import { passwordRoutes } from './routes/passwords.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { ticketRoutes } from './routes/tickets.ts'
import { userRoutes } from './routes/users.ts'
import { verifyRoutes } from './routes/verify.ts'

export const routes: readonly Route[] = [
  ...healthRoutes,
  ...authRoutes,
  ...passwordRoutes,
  ...sessionRoutes,
  ...activityRoutes,
  ...userRoutes,
  ...deviceRoutes,
  ...lockoutRoutes,
  ...apiKeyRoutes,
  ...verifyRoutes,
  ...ticketRoutes,
  ...eventRoutes,
  ...auditRoutes,
  ...metricsRoutes,
  ...overviewRoutes,
  ...descriptionRoutes,
]
